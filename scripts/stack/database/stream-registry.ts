import { randomUUID } from 'node:crypto';
import { Connection } from './connection.ts';
import { Stream } from './stream.ts';
import { WriterGate } from './writer-gate.ts';

const IDLE_CONNECTIONS_MAX = 16;

export interface RegistryLimits {
  /** How long a statement waits for another's transaction. */
  readonly busyTimeoutMs: number;
  /** A stream that nobody continues for so long is rolled back and closed. */
  readonly idleTimeoutMs: number;
  /** Open streams (transactions in progress) at one time. */
  readonly streamsMax: number;
}

interface ParkedStream {
  readonly stream: Stream;
  readonly expiresAt: number;
}

/** Streams between their HTTP requests, each found by a baton that works once; and spare connections. */
export class StreamRegistry {
  readonly #file: string;
  readonly #limits: RegistryLimits;
  readonly #gate = new WriterGate();
  readonly #parked = new Map<string, ParkedStream>();
  readonly #running = new Set<Stream>();
  readonly #spare: Connection[] = [];
  readonly #sweeper: NodeJS.Timeout;
  #isClosed = false;

  constructor(file: string, limits: RegistryLimits) {
    this.#file = file;
    this.#limits = limits;
    this.#sweeper = setInterval(
      () => this.#expire(performance.now()),
      Math.max(10, limits.idleTimeoutMs / 5),
    );
    this.#sweeper.unref();
    this.#spare.push(new Connection(file));
  }

  get openStreams(): number {
    return this.#parked.size + this.#running.size;
  }

  /** A new stream, or null when too many are open. */
  open(): Stream | null {
    if (this.#isClosed || this.openStreams >= this.#limits.streamsMax) return null;
    const connection = this.#spare.pop() ?? new Connection(this.#file);
    const stream = new Stream(connection, this.#gate, this.#limits.busyTimeoutMs);
    this.#running.add(stream);
    return stream;
  }

  /** The stream that a baton stands for, taken out so that no second request runs on it; null: unknown. */
  resume(baton: string): Stream | null {
    const parked = this.#parked.get(baton);
    if (parked === undefined) return null;
    this.#parked.delete(baton);
    this.#running.add(parked.stream);
    return parked.stream;
  }

  /** Ends a request: a closed stream gives its connection back (null), an open one gets a new baton. */
  settle(stream: Stream): string | null {
    this.#running.delete(stream);
    if (stream.isClosed || this.#isClosed) {
      this.#release(stream);
      return null;
    }
    const baton = randomUUID();
    this.#parked.set(baton, { stream, expiresAt: performance.now() + this.#limits.idleTimeoutMs });
    return baton;
  }

  #release(stream: Stream): void {
    stream.connection.rollback();
    if (this.#isClosed || this.#spare.length >= IDLE_CONNECTIONS_MAX) stream.connection.close();
    else this.#spare.push(stream.connection);
    this.#gate.announce();
  }

  #expire(now: number): void {
    for (const [baton, { stream, expiresAt }] of this.#parked) {
      if (expiresAt > now) continue;
      this.#parked.delete(baton);
      this.#release(stream);
    }
  }

  /** Rolls back what is open and closes every connection. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    for (const { stream } of this.#parked.values()) this.#release(stream);
    this.#parked.clear();
    for (const connection of this.#spare.splice(0)) connection.close();
  }
}
