import type { ActivityRow } from '@control-plane/database';

/** How long an entry waits for others, so that many requests share one write. */
const LINGER_MS = 200;
/** Entries of one write. */
const BATCH_MAX = 200;
/** Entries held at most, should the database be away for long; the newest are dropped beyond it. */
const HELD_MAX = 20_000;
const ATTEMPTS_MAX = 3;
/** A flush that has not come back by then died with its request; the next request takes over. */
const FLUSH_PATIENCE_MS = 5_000;

type Write = (entries: readonly ActivityRow[]) => Promise<void>;

/** What a request lends for writing: work that outlives its answer, and a connection of its own. */
export interface FlushMeans {
  readonly write: Write;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Told how many entries are lost, and why. */
  readonly lost: (entries: number, cause: unknown) => void;
}

/**
 * Collects log entries of all requests of an isolate and writes them in batches, off the requests' way.
 * Only plain data passes from one request to another; each write uses the means of the request that makes
 * it. Every entry has a flush ahead of it that a request's `waitUntil` keeps alive.
 */
export class ActivityBuffer {
  #waiting: ActivityRow[] = [];
  /** Entries of writes that have not come back. */
  #inFlight = 0;
  #flushDueAt: number | null = null;
  readonly #pause: (durationMs: number) => Promise<void>;

  /** @param pause waits; passed in for tests */
  constructor(pause: (durationMs: number) => Promise<void>) {
    this.#pause = pause;
  }

  /** Takes an entry; it is written soon. `now` in Unix milliseconds. */
  add(entry: ActivityRow, means: FlushMeans, now: number): void {
    if (this.#waiting.length + this.#inFlight >= HELD_MAX) return means.lost(1, 'too many entries wait');
    this.#waiting.push(entry);
    const isFull = this.#waiting.length % BATCH_MAX === 0;
    if (this.#flushDueAt !== null && now < this.#flushDueAt + FLUSH_PATIENCE_MS && !isFull) return;
    this.#flushDueAt = now + LINGER_MS;
    means.waitUntil(isFull ? this.drain(means) : this.#pause(LINGER_MS).then(() => this.drain(means)));
  }

  /** Writes all that waits. Never throws. */
  async drain(means: Pick<FlushMeans, 'write' | 'lost'>): Promise<void> {
    this.#flushDueAt = null;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX);
      this.#inFlight += batch.length;
      await writeBatch(batch, means);
      this.#inFlight -= batch.length;
    }
  }
}

async function writeBatch(
  batch: readonly ActivityRow[],
  { write, lost }: Pick<FlushMeans, 'write' | 'lost'>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A repeated write is harmless: entries have ids.
      return await write(batch);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) return lost(batch.length, error);
    }
  }
}
