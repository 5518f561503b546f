import type { CopySource, TransferProgress } from '@control-plane/contract/link';
import { setTimeout as delay } from 'node:timers/promises';
import type { StorageDriver } from '../drivers/types.ts';
import type { HostKey } from '../link/host-key.ts';
import { fail, succeed, type Outcome } from '../outcome.ts';
import { dialSource } from './dial-source.ts';
import { itemsMax } from './messages.ts';
import { receiveCopy } from './receive-copy.ts';
import { TransferMeter } from './transfer-meter.ts';

/** What is to be fetched, for whom. */
export type FetchCopy = {
  readonly source: CopySource;
  /** The machine that gets it. */
  readonly containerId: string;
  readonly copyPoint: string;
  /** Id of the operation: a repeated fetch goes on with what is there and with the same ticket. */
  readonly session: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TransferProgress) => void;
};

export type TransferClientOptions = {
  readonly key: HostKey;
  readonly storage: StorageDriver;
  /** Milliseconds, never going back. */
  readonly now: () => number;
};

/** Connections that may fail one after the other without a whole item coming. */
const attemptsMax = 8;
const pauseMs = { first: 100, most: 5_000 } as const;

type Attempt = 'again' | 'unreachable' | Outcome<undefined>;

/** Fetches copy points from other hosts. */
export class TransferClient {
  readonly #options: TransferClientOptions;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: TransferClientOptions) {
    this.#options = options;
  }

  /**
   * Fetches a copy point and what travels with it as snapshots of the machine; what came whole stays when the
   * rest fails. A connection that breaks off is made anew. Gives the bytes that came over the network.
   */
  async fetch(request: FetchCopy): Promise<Outcome<{ bytes: number }>> {
    const signal = AbortSignal.any([request.signal, this.#closing.signal]);
    const running = this.#fetch({ ...request, signal });
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /** Ends everything that is being fetched, as cancelled. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  async #fetch(request: FetchCopy): Promise<Outcome<{ bytes: number }>> {
    const { storage } = this.#options;
    const { containerId, copyPoint, signal } = request;
    let bytes = 0;
    let failures = 0;
    while (failures < attemptsMax) {
      if (signal.aborted) return fail('CANCELLED', 'The transfer was cancelled.');
      if ((await storage.snapshot(containerId, copyPoint)) !== undefined) return succeed({ bytes });
      const stored = { count: 0 };
      const attempt = await this.#attempt(
        request,
        (arrived) => (bytes += arrived),
        () => (stored.count += 1),
      );
      if (signal.aborted) return fail('CANCELLED', 'The transfer was cancelled.');
      if (typeof attempt === 'object') return attempt.ok ? succeed({ bytes }) : attempt;
      failures = stored.count > 0 ? 0 : failures + 1;
      if (failures === attemptsMax && attempt === 'unreachable')
        return fail('SOURCE_UNREACHABLE', 'The source’s host can’t be reached from this host.');
      const pause = Math.min(pauseMs.most, pauseMs.first * 2 ** failures);
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
    return fail('TRANSFER_FAILED', 'The connection to the source’s host broke off again and again.');
  }

  async #attempt(
    request: FetchCopy,
    onBytes: (bytes: number) => void,
    onStored: () => void,
  ): Promise<Attempt> {
    const { storage, now } = this.#options;
    const { source, containerId, copyPoint, session, signal, onProgress } = request;
    if (source.endpoint === null || source.ticket === null)
      return fail('TICKET_REFUSED', 'There is no ticket for a transfer from another host.');
    const socket = await dialSource({
      endpoint: source.endpoint,
      publicKey: source.public_key,
      key: this.#options.key,
      signal,
    });
    if (socket === 'unreachable') return socket;
    if (socket === 'other key')
      return fail('SOURCE_UNREACHABLE', 'At the source’s address is a host with another key.');
    const abort = (): void => void socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      let meter = new TransferMeter({ bytesTotal: null, now, report: onProgress });
      const held = await storage.listSnapshots(containerId);
      return await receiveCopy({
        connection: socket,
        storage,
        containerId,
        request: {
          type: 'request',
          version: 1,
          session,
          ticket: source.ticket,
          container_id: source.container_id,
          copy_point: copyPoint,
          have: held.slice(-itemsMax).map((facts) => facts.name),
          resume_token: await storage.resumeToken(containerId),
        },
        onGranted: (bytesTotal) => (meter = new TransferMeter({ bytesTotal, now, report: onProgress })),
        onBytes: (arrived) => {
          meter.add(arrived);
          onBytes(arrived);
        },
        onStored,
      });
    } catch {
      return 'again';
    } finally {
      signal.removeEventListener('abort', abort);
      socket.destroy();
    }
  }
}
