import { randomHex, type Logger } from '@control-plane/serving';
import { operationIdOf } from '../../ids.ts';
import { SYSTEM } from './journal.ts';
import type { CommandInput, CommandOutcome, SnapshotRecord } from './messages.ts';
import type { ContainerStore } from './store.ts';

/** After a refusal (the host is away, for one) it is tried again, each time after twice as long. */
const RETRY_MS = 5_000;
const RETRY_MS_MAX = 10 * 60_000;
/** An operation that ended makes room for the next one at once, but not in the block that ends it. */
const PAUSE_MS = 50;

/** Deletes a container's snapshots when their time is over, one after the other, as any client would. */
export class SnapshotExpiry {
  readonly #store: Pick<ContainerStore, 'load' | 'nextExpiry'>;
  readonly #log: Logger;
  readonly #command: (input: CommandInput) => Promise<CommandOutcome>;
  /** The snapshot tried last, and before when it is not tried again. */
  #tried: { readonly name: string; readonly times: number; readonly notBeforeMs: number } | null = null;

  constructor(
    store: Pick<ContainerStore, 'load' | 'nextExpiry'>,
    log: Logger,
    command: (input: CommandInput) => Promise<CommandOutcome>,
  ) {
    this.#store = store;
    this.#log = log;
    this.#command = command;
  }

  /** When the next snapshot is to be removed, Unix ms; null: none has an end, or something else runs. */
  nextMs(nowMs: number): number | null {
    const next = this.#first();
    if (next === null) return null;
    return Math.max(
      next.expiresAt,
      this.#notBeforeMs(next.name),
      next.expiresAt <= nowMs ? nowMs + PAUSE_MS : 0,
    );
  }

  /** Begins to remove the snapshot that has been over for longest; its end brings the next one. */
  async tend(nowMs: number): Promise<void> {
    const first = this.#first();
    if (first === null || first.expiresAt > nowMs || nowMs < this.#notBeforeMs(first.name)) return;
    const containerId = this.#store.load()?.record.id ?? '';
    const operationId = operationIdOf(containerId, randomHex(8));
    const outcome = await this.#command({
      operationId,
      actor: SYSTEM,
      requestId: operationId,
      waitMs: 0,
      command: 'delete-snapshot',
      parameters: { snapshot_name: first.name },
    });
    const fields = { snapshot: first.name, operation_id: operationId };
    // Refused or begun: should it not be gone afterwards, it is left alone for a while.
    const times = this.#tried?.name === first.name ? this.#tried.times + 1 : 1;
    const pauseMs = Math.min(RETRY_MS * 2 ** (times - 1), RETRY_MS_MAX);
    this.#tried = { name: first.name, times, notBeforeMs: nowMs + pauseMs };
    if (outcome.kind === 'refused') {
      this.#log.info('expired snapshot could not be removed yet', { ...fields, code: outcome.error.code });
    } else {
      this.#log.info('expired snapshot is being removed', fields);
    }
  }

  #notBeforeMs(name: string): number {
    return this.#tried?.name === name ? this.#tried.notBeforeMs : 0;
  }

  /** Only what can be deleted at all: a container that runs nothing else and has not failed. */
  #first(): (SnapshotRecord & { readonly expiresAt: number }) | null {
    const loaded = this.#store.load();
    const status = loaded?.record.status;
    if (loaded === null || loaded.running !== null) return null;
    if (status !== 'running' && status !== 'paused' && status !== 'stopped') return null;
    return this.#store.nextExpiry();
  }
}
