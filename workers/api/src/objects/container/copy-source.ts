import { describeError, type Logger } from '@control-plane/serving';
import type { ApiError } from '@control-plane/contract/errors';
import type { DispatchParameters } from '@control-plane/contract/link';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { Env } from '../../env.ts';
import { containerGateway } from '../gateways.ts';
import { checkHost } from './check-host.ts';
import type { CopyInterest, CopyOutAnswer, CopyOutInput, LetGo } from './copy-messages.ts';
import {
  answerCopyOut,
  copyOutOperationId,
  overdueTargets,
  releaseUnneeded,
  settleRelease,
  takeLetGo,
} from './copy-points.ts';
import type { Departures } from './departures.ts';
import type { OperationRunner } from './operation-runner.ts';
import type { ContainerStore } from './store.ts';

interface Parts {
  readonly storage: DurableObjectStorage;
  readonly env: Env;
  readonly store: ContainerStore;
  readonly departures: Departures;
  readonly operations: OperationRunner;
  readonly log: Logger;
}

/** The side of a container that others are copied from. */
export class CopySource {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Makes a copy point, or tells how far its making is; waits up to `waitMs` for it. Every copy that asked
   * must let go of it in the end.
   */
  async copyOut(input: CopyOutInput): Promise<CopyOutAnswer> {
    const { store, operations } = this.#parts;
    const record = this.#living();
    if (record === null) return refuse('SOURCE_CONTAINER_NOT_FOUND', 'The source container is gone');
    const { copyPoint, targetId } = input;
    const operationId = copyOutOperationId(record.id, copyPoint);
    const known = answerCopyOut(store, record, copyPoint);
    if (known === null) return this.#begin(record, operationId, input);
    if (known.kind === 'refused') return known;
    store.copies.addTarget(copyPoint, targetId, Date.now());
    if (known.kind === 'pending' && input.waitMs > 0) await operations.outcome(operationId, input.waitMs);
    return this.#answer(copyPoint);
  }

  /** Takes a copy's word about a copy point; repeated freely. */
  async letGo(letGo: LetGo): Promise<void> {
    const record = this.#living();
    if (record === null) return;
    const { storage, store, departures } = this.#parts;
    storage.transactionSync(() => {
      takeLetGo(store, record, letGo, Date.now());
      departures.schedule();
    });
    await departures.leave();
  }

  /** Takes the host's word about the release of a copy point. */
  settleRelease(operationId: string, isDone: boolean): void {
    const { storage, store, departures } = this.#parts;
    storage.transactionSync(() => {
      settleRelease(store, operationId, isDone, Date.now());
      departures.schedule();
    });
  }

  /** Retries releases, and asks copies that never let go whether they still need what they asked for. */
  async tend(nowMs: number): Promise<void> {
    const record = this.#living();
    if (record === null) return;
    const { storage, store, env, log } = this.#parts;
    storage.transactionSync(() => releaseUnneeded(store, record, nowMs));
    for (const target of overdueTargets(store, nowMs)) {
      try {
        const interest = await containerGateway(env, target.targetId).copyInterest(target.copyPoint);
        await this.#settleInterest(target.targetId, target.copyPoint, interest);
      } catch (error) {
        log.warn('a copy could not be asked', { target_id: target.targetId, error: describeError(error) });
      }
      // Not asked again at once, whatever came of it.
      store.copies.touchTarget(target, nowMs);
    }
  }

  async #settleInterest(targetId: string, copyPoint: string, interest: CopyInterest): Promise<void> {
    if (interest === 'pending') return;
    await this.letGo({ targetId, copyPoint, keepAsBase: interest === 'base' });
  }

  async #begin(record: ContainerRecord, operationId: string, input: CopyOutInput): Promise<CopyOutAnswer> {
    const { store, operations, env } = this.#parts;
    operations.expire(Date.now());
    const unfit = this.#unfit(record, input);
    if (unfit !== null) return { kind: 'refused', error: unfit };
    const parameters: DispatchParameters = {
      copy_point: input.copyPoint,
      stateful: input.stateful,
      ...(input.sourceSnapshot === null ? {} : { source_snapshot: input.sourceSnapshot }),
    };
    const unable = await checkHost(env, record, { command: 'copy-out', parameters });
    if (unable !== null) return { kind: 'refused', error: unable };
    const { copyPoint: name, targetId, actor, requestId, waitMs } = input;
    const outcome = await operations.run(
      { operationId, actor, requestId, waitMs },
      { command: 'copy-out', subject: name, parameters, copyOut: { name, targetId } },
    );
    if (outcome.kind === 'refused') return { kind: 'refused', error: outcome.error };
    // Another copy may have come first with the same name.
    if (store.copies.point(name) !== null) store.copies.addTarget(name, targetId, Date.now());
    return this.#answer(name);
  }

  #unfit(
    record: ContainerRecord,
    { stateful, sourceSnapshot, base, targetId }: CopyOutInput,
  ): ApiError | null {
    const { store } = this.#parts;
    if (base !== null && !store.copies.isBaseOf(base, targetId)) {
      return {
        code: 'SYNC_BASE_GONE',
        message:
          'The source no longer holds what both sides had in common; ask with "full": true to send all of it',
        data: { full: true },
      };
    }
    const snapshot = sourceSnapshot === null ? null : store.snapshot(sourceSnapshot);
    if (sourceSnapshot !== null && snapshot === null) {
      return { code: 'SNAPSHOT_NOT_FOUND', message: 'Snapshot not found' };
    }
    if (!stateful) return null;
    if (snapshot !== null && !snapshot.stateful) {
      return {
        code: 'STATE_CONFLICT',
        message: `Snapshot ${snapshot.name} holds no memory to go on from`,
      };
    }
    if (snapshot === null && record.status === 'stopped') {
      return { code: 'STATE_CONFLICT', message: 'A stopped container has no memory to go on from' };
    }
    return null;
  }

  #answer(copyPoint: string): CopyOutAnswer {
    const record = this.#living();
    const answer = record === null ? null : answerCopyOut(this.#parts.store, record, copyPoint);
    return answer ?? refuse('SOURCE_CONTAINER_NOT_FOUND', 'The source container is gone');
  }

  /** The container, unless it is gone or going. */
  #living(): ContainerRecord | null {
    const { store } = this.#parts;
    const record = store.isEmpty ? null : (store.load()?.record ?? null);
    return record === null || record.status === 'deleted' || record.status === 'deleting' ? null : record;
  }
}

function refuse(code: ApiError['code'], message: string): CopyOutAnswer {
  return { kind: 'refused', error: { code, message } };
}
