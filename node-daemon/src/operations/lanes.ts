import type { Dispatch, HostMessage } from '@control-plane/contract/link';
import type { Logger } from 'pino';
import type { Journal } from '../journal/journal.ts';
import type { CancelReason, OperationLog } from '../journal/operation-log.ts';
import type { OutboundQueue } from '../journal/outbound-queue.ts';
import type { OperationRunner } from './operation-runner.ts';

export type LanesOptions = {
  readonly journal: Journal;
  readonly operations: OperationLog;
  readonly outbound: OutboundQueue;
  readonly runner: OperationRunner;
  readonly logger: Logger;
  readonly send: (message: HostMessage) => void;
  readonly now: () => number;
  /** Operations that may run at the same time, over all containers; those that wait for data count apart. */
  readonly parallelMax: number;
  /** Copies and syncs that may run at the same time: each may wait for another host for hours. */
  readonly copiesParallelMax: number;
  /** Called each time when a container has nothing left to run. */
  readonly onIdle: (containerId: string) => void;
};

type Entry = { readonly dispatch: Dispatch; readonly abort: AbortController };
type Lane = { readonly waiting: Entry[]; running: Entry | undefined };

/**
 * One lane per container: its operations run one after the other in the order of `sequence`. Lanes run in
 * parallel up to a bound. A delete, or a command for a newer body, cancels what is before it in its lane.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #running = { short: 0, long: 0 };
  #closed = false;
  #quiet: (() => void)[] = [];

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Puts the journal's unfinished operations back into their lanes. */
  resume(): void {
    for (const { dispatch } of this.#options.operations.unfinished()) this.#enter(dispatch);
    this.#advance();
  }

  /** Takes a dispatch, which is journalled before it begins; a known id gets its recorded answer again. */
  accept(dispatch: Dispatch): void {
    const { operations, outbound, send, now, journal } = this.#options;
    const { operation_id: operationId } = dispatch;
    const known = operations.find(operationId);
    if (known === undefined) {
      journal.transaction(() => {
        operations.add(dispatch, now());
        this.#cancelEarlier(dispatch);
      }, 'soon');
      send({ type: 'accepted', operation_id: operationId });
      this.#enter(dispatch);
      this.#advance();
      return;
    }
    send({ type: 'accepted', operation_id: operationId });
    // A delete is never given up: one that failed is tried again when it is asked for again.
    if (known.status === 'failed' && dispatch.command === 'delete') {
      journal.transaction(() => {
        outbound.acknowledge(operationId);
        operations.requeue(dispatch);
      });
      this.#enter(dispatch);
      this.#advance();
      return;
    }
    if (known.result === undefined) return;
    outbound.add(operationId, known.result);
    const waiting = outbound.pending().find((entry) => entry.id === operationId);
    if (waiting !== undefined) send(waiting.message);
  }

  /** Cancels an operation: at once when it waits, at its next step when it runs. Ended ones stay as they are. */
  cancel(operationId: string, reason: CancelReason): void {
    this.#options.operations.cancel(operationId, reason);
    for (const lane of this.#lanes.values()) {
      for (const entry of [lane.running, ...lane.waiting]) {
        if (entry?.dispatch.operation_id === operationId) entry.abort.abort();
      }
    }
    this.#advance();
  }

  /** Whether anything of this container runs or waits. */
  isBusy(containerId: string): boolean {
    return this.#lanes.has(containerId);
  }

  /** Operations that run, and that wait. */
  load(): { running: number; waiting: number } {
    let waiting = 0;
    for (const lane of this.#lanes.values()) waiting += lane.waiting.length;
    return { running: this.#runningCount, waiting };
  }

  /** Begins nothing more, and waits until every running step has ended, at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#options.runner.stopAfterStep();
    if (this.#runningCount === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([new Promise<void>((resolve) => this.#quiet.push(resolve)), timeout]);
    clearTimeout(timer);
  }

  #cancelEarlier(dispatch: Dispatch): void {
    const lane = this.#lanes.get(dispatch.container_id);
    for (const entry of [lane?.running, ...(lane?.waiting ?? [])]) {
      if (entry === undefined) continue;
      const older = entry.dispatch.incarnation < dispatch.incarnation;
      const deleted = dispatch.command === 'delete' && entry.dispatch.sequence < dispatch.sequence;
      if (!older && !deleted) continue;
      this.#options.operations.cancel(entry.dispatch.operation_id, 'superseded');
      entry.abort.abort();
    }
  }

  #enter(dispatch: Dispatch): void {
    const lane = this.#lanes.get(dispatch.container_id) ?? { waiting: [], running: undefined };
    this.#lanes.set(dispatch.container_id, lane);
    lane.waiting.push({ dispatch, abort: new AbortController() });
    lane.waiting.sort((left, right) => left.dispatch.sequence - right.dispatch.sequence);
  }

  #advance(): void {
    const { parallelMax, copiesParallelMax } = this.#options;
    const most = { short: parallelMax, long: copiesParallelMax };
    for (const [containerId, lane] of this.#lanes) {
      if (this.#closed) return;
      const [entry] = lane.waiting;
      if (lane.running !== undefined || entry === undefined) continue;
      const length = lengthOf(entry.dispatch);
      if (this.#running[length] >= most[length]) continue;
      lane.waiting.shift();
      lane.running = entry;
      this.#running[length] += 1;
      void this.#run(containerId, lane, entry);
    }
  }

  get #runningCount(): number {
    return this.#running.short + this.#running.long;
  }

  async #run(containerId: string, lane: Lane, entry: Entry): Promise<void> {
    const { runner, logger, onIdle } = this.#options;
    const { operation_id: operationId } = entry.dispatch;
    try {
      await runner.run(operationId, entry.abort.signal);
    } catch (error) {
      logger.fatal(
        { err: error, operation_id: operationId },
        'an operation broke an invariant; it is left to the next start',
      );
    }
    lane.running = undefined;
    this.#running[lengthOf(entry.dispatch)] -= 1;
    if (lane.waiting.length === 0) {
      this.#lanes.delete(containerId);
      if (!this.#closed) onIdle(containerId);
    }
    if (this.#runningCount === 0) for (const resolve of this.#quiet.splice(0)) resolve();
    this.#advance();
  }
}

function lengthOf({ command }: Dispatch): 'short' | 'long' {
  return command === 'copy-in' || command === 'sync-in' ? 'long' : 'short';
}
