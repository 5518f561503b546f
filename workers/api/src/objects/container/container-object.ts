import { createLogger, type Logger } from '@control-plane/serving';
import { DurableObject } from 'cloudflare:workers';
import type { ApiError } from '@control-plane/contract/errors';
import {
  decideCommand,
  decideObservation,
  decideReport,
  type ContainerRecord,
} from '@control-plane/lifecycle';
import type { Env } from '../../env.ts';
import { checkHost } from './check-host.ts';
import type {
  CopyInput,
  CopyInterest,
  CopyOutAnswer,
  CopyOutInput,
  LetGo,
  SyncInput,
} from './copy-messages.ts';
import { CopySource } from './copy-source.ts';
import { CopyTarget } from './copy-target.ts';
import { configure, immediateUpdate, needsHost } from './configuration.ts';
import { Departures } from './departures.ts';
import { journalEvent, journalTransition, SYSTEM } from './journal.ts';
import type {
  CommandInput,
  CommandOutcome,
  CreateInput,
  HostObservation,
  HostProgress,
  HostReport,
  OperationView,
  SnapshotRecord,
  StatusLogQuery,
  StatusLogRow,
  UpdateInput,
} from './messages.ts';
import { OperationRunner, refused } from './operation-runner.ts';
import { journalProgress, ProgressBook } from './progress-book.ts';
import { hostFailure, refusal, wrongStatus } from './refusal.ts';
import { SnapshotExpiry } from './snapshot-expiry.ts';
import { newSnapshotName, projectedSnapshot } from './snapshots.ts';
import { ContainerStore, lifecycleState } from './store.ts';

/**
 * One container. The only writer of its state: each change is one synchronous block that writes state,
 * operation, status log, event, projection and the host's errand together; only then is the host called.
 * See docs/concurrency.md.
 */
export class ContainerObject extends DurableObject<Env> {
  readonly #store: ContainerStore;
  readonly #departures: Departures;
  readonly #operations: OperationRunner;
  readonly #progress = new ProgressBook();
  readonly #copySource: CopySource;
  readonly #copyTarget: CopyTarget;
  readonly #expiry: SnapshotExpiry;
  readonly #log: Logger;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new ContainerStore(ctx.storage);
    this.#log = createLogger({ component: 'container-object', container_id: ctx.id.name ?? null });
    this.#expiry = new SnapshotExpiry(this.#store, this.#log, (input) => this.command(input));
    this.#departures = new Departures(ctx, env, this.#store, this.#log, (now) => this.#expiry.nextMs(now));
    const [store, departures, log] = [this.#store, this.#departures, this.#log];
    this.#operations = new OperationRunner(ctx.storage, store, departures, this.#progress, log);
    const parts = { env, store, departures, operations: this.#operations, log };
    this.#copySource = new CopySource({ ...parts, storage: ctx.storage });
    this.#copyTarget = new CopyTarget({ ...parts, ctx });
  }

  /** Makes the container and has its host build the machine. The same operation id again joins. */
  async create(input: CreateInput): Promise<CommandOutcome> {
    if (this.#isKnown(input.operationId)) return this.#operations.outcome(input.operationId, input.waitMs);
    const loaded = this.#store.isEmpty ? null : this.#store.load();
    if (loaded === null) {
      const unfit = await checkHost(this.env, input.record, { command: 'create' });
      if (unfit !== null) return refused(unfit, null);
    }
    this.#store.establish();
    return this.#operations.run(input, {
      command: 'create',
      subject: '',
      parameters: {},
      record: input.record,
    });
  }

  /** Makes a container that was held ready somebody's: theirs from the moment that this is written. */
  async claim(input: CreateInput): Promise<CommandOutcome> {
    const { operationId } = input;
    if (this.#isKnown(operationId)) return this.#operations.outcome(operationId, input.waitMs);
    const loaded = this.#store.isEmpty ? null : this.#store.load();
    if (loaded === null) return refused(refusal('gone', 'claim', null, null), null);
    if (!loaded.record.prespawn) return refused(refusal('exists', 'claim', loaded.record, null), null);
    const { record } = input;
    return this.#operations.run(input, { command: 'claim', subject: operationId, parameters: {}, record });
  }

  /** Makes the container as a copy of another. The same operation id again joins. */
  async copy(input: CopyInput): Promise<CommandOutcome> {
    if (this.#isKnown(input.operationId)) return this.#operations.outcome(input.operationId, input.waitMs);
    return this.#copyTarget.copy(input);
  }

  /** Brings a copy to what its source is now. */
  async sync(input: SyncInput): Promise<CommandOutcome> {
    if (this.#isKnown(input.operationId)) return this.#operations.outcome(input.operationId, input.waitMs);
    return this.#copyTarget.sync(input);
  }

  /** Makes a copy point for a copy of this container, or tells how far its making is. */
  async copyOut(input: CopyOutInput): Promise<CopyOutAnswer> {
    return this.#copySource.copyOut(input);
  }

  /** Takes the word of a copy that it needs a copy point no longer. */
  async letGo(letGo: LetGo): Promise<void> {
    return this.#copySource.letGo(letGo);
  }

  /** What this container, as a copy, still has to do with a copy point of its source. */
  async copyInterest(copyPoint: string): Promise<CopyInterest> {
    return this.#copyTarget.interest(copyPoint);
  }

  /** Runs one command. Answers when the host confirmed it, or after `waitMs` with what is known. */
  async command(input: CommandInput): Promise<CommandOutcome> {
    if (this.#store.isEmpty) return refused(refusal('gone', input.command, null, null), null);
    if (this.#isKnown(input.operationId)) return this.#operations.outcome(input.operationId, input.waitMs);
    this.#operations.expire(Date.now());
    const loaded = this.#store.load();
    const parameters = { ...input.parameters };
    if (input.command === 'snapshot') {
      const unfit = loaded === null ? null : this.#snapshotLimit(loaded.record, input.snapshot?.limit ?? 0);
      if (unfit !== null) return refused(unfit, loaded?.record ?? null);
      parameters.snapshot_name = newSnapshotName(this.#store, Date.now());
    } else if (
      parameters.snapshot_name !== undefined &&
      this.#store.snapshot(parameters.snapshot_name) === null
    ) {
      return refused({ code: 'SNAPSHOT_NOT_FOUND', message: 'Snapshot not found' }, loaded?.record ?? null);
    }
    // Two snapshots are never one; two restores of the same snapshot are.
    const subject = input.command === 'snapshot' ? input.operationId : (parameters.snapshot_name ?? '');
    const { command, operationId } = input;
    const preview = decideCommand(lifecycleState(loaded), {
      command,
      operationId,
      subject,
      nowMs: Date.now(),
    });
    let { waitMs } = input;
    if (preview.kind === 'accepted' && loaded !== null) {
      const unfit = await checkHost(this.env, loaded.record, { command, parameters });
      // A delete is taken even while the host is away: it waits there until the host is back.
      if (unfit !== null && command !== 'delete') return refused(unfit, loaded.record);
      if (unfit !== null) waitMs = 0;
      if (command === 'restore') parameters.run_after = preview.next.operation?.after === 'running';
    }
    return this.#operations.run(
      { ...input, waitMs },
      {
        command,
        subject,
        parameters,
        ...(input.snapshot === undefined ? {} : { snapshot: input.snapshot }),
      },
    );
  }

  /**
   * Changes configuration. What only the control plane keeps takes effect at once; what the machine must
   * know goes to the host as an operation of its own (`synced` in its result).
   */
  async update(input: UpdateInput): Promise<CommandOutcome> {
    if (this.#store.isEmpty) return refused(refusal('gone', 'update', null, null), null);
    if (this.#isKnown(input.operationId)) return this.#operations.outcome(input.operationId, input.waitMs);
    this.#operations.expire(Date.now());
    const loaded = this.#store.load();
    if (loaded === null || loaded.record.status === 'deleted' || loaded.record.status === 'deleting') {
      return refused(refusal('gone', 'update', null, null), null);
    }
    if (loaded.record.status === 'claiming') {
      return refused(refusal('finalizing', 'update', loaded.record, null), loaded.record);
    }
    if (input.onlyWhile !== undefined && loaded.record.status !== input.onlyWhile) {
      return refused(wrongStatus(loaded.record, input.onlyWhile), loaded.record);
    }
    if (needsHost(loaded.record, input)) {
      const unfit = await checkHost(this.env, loaded.record, { command: 'update' });
      if (unfit !== null) return refused(unfit, loaded.record);
      const { operationId } = input;
      return this.#operations.run(input, {
        command: 'update',
        subject: operationId,
        parameters: {},
        change: input,
      });
    }
    const now = Date.now();
    const stored = this.ctx.storage.transactionSync(() => {
      const changed = configure(this.#store, loaded, input, now);
      this.#departures.schedule();
      return changed;
    });
    await this.#departures.leave();
    const operation = immediateUpdate(stored.record, input.operationId, now);
    return { kind: 'finished', operation, record: stored.record };
  }

  /** The container as it is now; null when there is none (never made, or deleted). */
  async read(): Promise<ContainerRecord | null> {
    if (this.#store.isEmpty) return null;
    const loaded = this.#store.load();
    return loaded === null || loaded.record.status === 'deleted' ? null : loaded.record;
  }

  /** An operation's state; waits up to `waitMs` for it to end. Null when the id is not one of this container's. */
  async readOperation(operationId: string, waitMs: number): Promise<OperationView | null> {
    if (this.#store.isEmpty) return null;
    this.#operations.expire(Date.now());
    const outcome = await this.#operations.outcome(operationId, waitMs);
    return outcome.kind === 'refused' ? null : outcome.operation;
  }

  async listSnapshots(): Promise<SnapshotRecord[]> {
    return this.#store.isEmpty ? [] : this.#store.snapshots();
  }

  /** Sets or clears (null) a snapshot's alias; null when there is no such snapshot. */
  async renameSnapshot(name: string, alias: string | null): Promise<SnapshotRecord | null> {
    if (this.#store.isEmpty) return null;
    const loaded = this.#store.load();
    const snapshot = this.#store.snapshot(name);
    if (loaded === null || snapshot === null) return null;
    const renamed = { ...snapshot, alias };
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#store.putSnapshot(renamed);
      this.#store.appendOutbox({ kind: 'snapshot', row: projectedSnapshot(renamed, loaded.record, now) });
      journalEvent(this.#store, loaded.record, 'container.snapshot.renamed', now, { snapshot: name, alias });
      this.#departures.schedule();
    });
    await this.#departures.leave();
    return renamed;
  }

  async readStatusLog(query: StatusLogQuery): Promise<{ rows: StatusLogRow[]; total: number }> {
    return this.#store.isEmpty ? { rows: [], total: 0 } : this.#store.statusRows(query);
  }

  /** Takes a host's word about a dispatch. Whatever is not current is dropped, so that it may be repeated. */
  async report(report: HostReport): Promise<void> {
    if (this.#store.isEmpty) return;
    const observed = report.result?.state ?? report.error?.state ?? 'unknown';
    if (report.kind === 'inspection') {
      return this.observe({ incarnation: report.incarnation, state: observed, cause: 'inspection' });
    }
    if (report.kind === 'release') {
      return this.#copySource.settleRelease(report.operationId, report.error === null);
    }
    const loaded = this.#store.load();
    const state = lifecycleState(loaded);
    if (loaded === null || state === null) return;
    const { operationId, incarnation } = report;
    const outcome = report.result === null ? 'failed' : 'completed';
    const decision = decideReport(state, { operationId, incarnation, outcome, observed });
    const fields = { operation_id: operationId, incarnation };
    if (decision.kind === 'dropped') {
      this.#log.info('report dropped', { ...fields, reason: decision.reason });
    } else if (decision.kind === 'retry') {
      this.#operations.retrySoon(loaded);
      this.#log.warn('delete failed on the host and is tried again', {
        ...fields,
        host_code: report.error?.code,
      });
    } else {
      const error = report.error === null ? null : hostFailure(report.error);
      await this.#operations.settle(
        loaded,
        decision.next,
        operationId,
        {
          status: decision.outcome,
          error,
          report,
        },
        decision.cleanUp,
      );
    }
  }

  /** Notes how far the running operation has come. */
  async progress({ operationId, incarnation, ...progress }: HostProgress): Promise<void> {
    if (this.#store.isEmpty) return;
    const loaded = this.#store.load();
    const running = loaded?.running ?? null;
    if (loaded === null || running?.id !== operationId) return;
    if (loaded.record.incarnation !== incarnation) return;
    this.#progress.note(operationId, progress);
    const now = Date.now();
    if (!this.#progress.isEventDue(running, now)) return;
    this.ctx.storage.transactionSync(() => {
      journalProgress(this.#store, loaded.record, running, progress, now);
      this.#departures.schedule();
    });
    await this.#departures.leave();
  }

  /** Takes a host's word about a machine that no operation concerns. */
  async observe(observation: HostObservation): Promise<void> {
    if (this.#store.isEmpty) return;
    const loaded = this.#store.load();
    const state = lifecycleState(loaded);
    if (loaded === null || state === null) return;
    const { incarnation, state: observed } = observation;
    const decision = decideObservation(state, { incarnation, observed });
    if (decision.kind === 'dropped') return;
    const isLost = decision.next.status === 'failed';
    const failure = isLost ? { code: 'MACHINE_LOST', message: 'The host no longer has this machine' } : null;
    const cause = {
      command: null,
      operationId: null,
      actor: SYSTEM,
      cause: observation.cause,
      durationMs: 0,
    };
    this.ctx.storage.transactionSync(() => {
      journalTransition(this.#store, loaded, { ...loaded.record, failure }, decision.next, cause, Date.now());
      this.#departures.schedule();
    });
    await this.#departures.leave();
  }

  /** Deadlines, and whatever could not leave when it was written. */
  override async alarm(): Promise<void> {
    await this.tend();
  }

  /** What the alarm does; for the sweeper, should an alarm have been missed. False when there is no container. */
  async tend(): Promise<boolean> {
    if (this.#store.isEmpty) return false;
    const now = Date.now();
    this.#operations.expire(now);
    await this.#copySource.tend(now);
    await this.#expiry.tend(now);
    await this.#departures.leave();
    this.#departures.schedule();
    this.#copyTarget.drive();
    return this.#store.load() !== null;
  }

  #isKnown(operationId: string): boolean {
    return !this.#store.isEmpty && this.#store.operation(operationId) !== null;
  }

  #snapshotLimit(record: ContainerRecord, limit: number): ApiError | null {
    const count = this.#store.snapshots().length;
    if (count < limit) return null;
    return {
      code: 'CONTAINER_SNAPSHOT_LIMIT',
      message: `This container already has ${count} snapshots; its server allows ${limit}`,
      data: {
        field: 'snapshots',
        container_id: record.id,
        server_id: record.serverId,
        current_count: count,
        limit,
      },
    };
  }
}
