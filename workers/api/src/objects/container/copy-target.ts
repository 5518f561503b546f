import { describeError, type Logger } from '@control-plane/serving';
import type { ApiError } from '@control-plane/contract/errors';
import { decideCommand, decideUnbegun, type ContainerRecord } from '@control-plane/lifecycle';
import type { Env } from '../../env.ts';
import { containerGateway } from '../gateways.ts';
import { checkHost } from './check-host.ts';
import type { CopyInput, CopyInterest, CopyOutAnswer, CopyProgress, SyncInput } from './copy-messages.ts';
import type { Departures } from './departures.ts';
import type { CommandOutcome } from './messages.ts';
import { refused, type OperationRunner } from './operation-runner.ts';
import { prepareCopyIn } from './prepare-copy-in.ts';
import { refusal } from './refusal.ts';
import { lifecycleState, type ContainerStore, type Loaded, type OperationRow } from './store.ts';

/** How long one question to the source may take; it is asked again as long as the operation runs. */
const QUESTION_MS = 20_000;

interface Parts {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  readonly store: ContainerStore;
  readonly departures: Departures;
  readonly operations: OperationRunner;
  readonly log: Logger;
}

interface Waiting {
  readonly loaded: Loaded;
  readonly operation: OperationRow;
  readonly copy: CopyProgress;
}

/**
 * The side of a container that is a copy of another. Its operation waits for the source's copy point, asks for
 * it until it is there, and only then goes to its own host; state and alarm bring it through any restart.
 */
export class CopyTarget {
  readonly #parts: Parts;
  #driving: Promise<void> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes the container as a copy. The source has been asked for the copy point before. */
  async copy(input: CopyInput): Promise<CommandOutcome> {
    const { env, store, operations } = this.#parts;
    const { record, copy } = input;
    if (store.isEmpty || store.load() === null) {
      const { stateful } = copy;
      const unfit = await checkHost(env, record, { command: 'copy', parameters: { stateful } });
      if (unfit !== null) return refused(unfit, null);
    }
    store.establish();
    const outcome = await operations.run(
      { ...input, waitMs: 0 },
      { command: 'copy', subject: copy.copyPoint, parameters: {}, record, copy },
    );
    return this.#follow(outcome, input.waitMs);
  }

  /** Brings the copy to what its source is now. Refused before anything changes when that can't be. */
  async sync(input: SyncInput): Promise<CommandOutcome> {
    const { store, env, operations, departures } = this.#parts;
    operations.expire(Date.now());
    const loaded = store.isEmpty ? null : store.load();
    if (loaded === null) return refused(refusal('gone', 'sync', null, null), null);
    const { record } = loaded;
    const origin = store.copies.origin();
    if (origin === null) {
      return refused(
        { code: 'CONTAINER_NOT_COPIED', message: 'This container is no copy of another' },
        record,
      );
    }
    const subject = input.full ? 'full' : '';
    const { operationId, actor, requestId, copyPoint } = input;
    const preview = decideCommand(lifecycleState(loaded), {
      command: 'sync',
      operationId,
      subject,
      nowMs: Date.now(),
    });
    if (preview.kind === 'accepted') {
      if (!input.full && origin.base === null) return refused(baseGone(), record);
      const unfit = await checkHost(env, record, { command: 'sync' });
      if (unfit !== null) return refused(unfit, record);
      const source = containerGateway(env, origin.sourceId);
      const base = input.full ? null : origin.base;
      const asked = { copyPoint, targetId: record.id, stateful: false, sourceSnapshot: null, base };
      const answer = await source.copyOut({ ...asked, actor, requestId, waitMs: 0 });
      if (answer.kind === 'refused') return refused(answer.error, record);
      const copy = { ...asked, sourceId: origin.sourceId, withSnapshots: false };
      const outcome = await operations.run(
        { ...input, waitMs: 0 },
        { command: 'sync', subject, parameters: {}, copy },
      );
      // Another command came first: what the source made is of no use.
      if (outcome.kind === 'refused' || outcome.operation.id !== operationId) {
        const letGo = { targetId: record.id, copyPoint, keepAsBase: false };
        store.copies.appendNotice({ to: origin.sourceId, letGo });
        await departures.leave();
      }
      return this.#follow(outcome, input.waitMs);
    }
    return operations.run(input, { command: 'sync', subject, parameters: {} });
  }

  /** What this container still has to do with a copy point of its source. */
  interest(copyPoint: string): CopyInterest {
    const { store } = this.#parts;
    if (store.isEmpty) return 'none';
    const loaded = store.load();
    if (loaded === null || loaded.record.status === 'deleted') return 'none';
    const operation = loaded.running === null ? null : store.operation(loaded.running.id);
    if (operation?.copy?.copyPoint === copyPoint) return 'pending';
    return store.copies.origin()?.base === copyPoint ? 'base' : 'none';
  }

  /** Goes on with whatever waits for the source; at most once at a time. */
  drive(): void {
    if (this.#parts.store.isEmpty || this.#waiting() === null) return;
    this.#driving ??= this.#driveOn().finally(() => {
      this.#driving = null;
    });
    this.#parts.ctx.waitUntil(this.#driving);
  }

  async #follow(outcome: CommandOutcome, waitMs: number): Promise<CommandOutcome> {
    this.drive();
    if (outcome.kind === 'refused' || waitMs === 0) return outcome;
    return this.#parts.operations.outcome(outcome.operation.id, waitMs);
  }

  #waiting(): Waiting | null {
    const { store } = this.#parts;
    const loaded = store.load();
    if (loaded === null || loaded.running === null) return null;
    const operation = store.operation(loaded.running.id);
    if (operation === null || operation.copy?.phase !== 'source') return null;
    return { loaded, operation, copy: operation.copy };
  }

  /** Never throws: what fails is tried again by alarm, until the operation's deadline. */
  async #driveOn(): Promise<void> {
    const { log, departures } = this.#parts;
    try {
      for (let waiting = this.#waiting(); waiting !== null; waiting = this.#waiting()) {
        const isOver = await this.#ask(waiting);
        if (isOver) return departures.schedule();
      }
    } catch (error) {
      log.warn('the source of a copy could not be asked and will be again', { error: describeError(error) });
      departures.schedule();
    }
  }

  /** One question to the source and what follows from its answer; true: nothing more can be done now. */
  async #ask({ loaded, operation, copy }: Waiting): Promise<boolean> {
    const { env } = this.#parts;
    const { record } = loaded;
    const { copyPoint, stateful, sourceSnapshot, base } = copy;
    const { actor, requestId } = operation;
    const answer = await containerGateway(env, copy.sourceId).copyOut({
      copyPoint,
      targetId: record.id,
      stateful,
      sourceSnapshot,
      base,
      actor,
      requestId,
      waitMs: QUESTION_MS,
    });
    if (answer.kind === 'pending') return false;
    if (answer.kind === 'refused') {
      await this.#fail(operation.id, answer.error);
      return false;
    }
    return this.#begin(record, operation.id, copy, answer);
  }

  async #begin(
    record: ContainerRecord,
    operationId: string,
    copy: CopyProgress,
    answer: Extract<CopyOutAnswer, { kind: 'ready' }>,
  ): Promise<boolean> {
    const { env, operations } = this.#parts;
    const parameters = await prepareCopyIn(env, record, copy, answer);
    if (!parameters.ok) {
      if (parameters.error.code === 'HOST_UNAVAILABLE') return true;
      await this.#fail(operationId, parameters.error);
      return false;
    }
    const travelling = copy.withSnapshots
      ? answer.snapshots.map(({ name, alias, expiresAt }) => ({ name, alias, expiresAt }))
      : [];
    await operations.beginHostPhase(operationId, parameters.value, travelling);
    return false;
  }

  /** Ends the operation whose source can't give what it needs; its own host has heard nothing of it. */
  async #fail(operationId: string, error: ApiError): Promise<void> {
    const { store, operations } = this.#parts;
    const loaded = store.load();
    if (loaded === null) return;
    const decision = decideUnbegun(lifecycleState(loaded), operationId);
    if (decision.kind !== 'settled') return;
    await operations.settle(loaded, decision.next, operationId, { status: 'failed', error, report: null });
  }
}

function baseGone(): ApiError {
  return {
    code: 'SYNC_BASE_GONE',
    message:
      'The copy and its source have nothing in common any more; ask with "full": true to send all of it',
    data: { full: true },
  };
}
