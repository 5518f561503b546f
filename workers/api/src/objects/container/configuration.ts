import { sshKeyIdentity, type ContainerRecord } from '@control-plane/lifecycle';
import { journalEvent, journalTransition } from './journal.ts';
import type { OperationView, UpdateInput } from './messages.ts';
import { lifecycleState, type ContainerStore, type Loaded } from './store.ts';

/** What the machine itself must hear of; everything else only the control plane keeps. */
const HOST_FIELDS = [
  'autostart',
  'ramdisk',
  'environmentVars',
  'sshPublicKey',
  'cpu',
  'memory',
  'kvm',
] as const;

/** The container with a change applied. */
export function configured(record: ContainerRecord, { changes, environment }: UpdateInput): ContainerRecord {
  const changed = { ...record, ...changes };
  if (environment === undefined) return changed;
  const merged: Record<string, string> = environment.kind === 'merge' ? { ...record.environmentVars } : {};
  for (const [key, value] of Object.entries(environment.variables)) {
    if (value === null) delete merged[key];
    else merged[key] = value;
  }
  return { ...changed, environmentVars: merged };
}

/** Whether the machine itself must hear of a change. */
export function needsHost(record: ContainerRecord, input: UpdateInput): boolean {
  const after = configured(record, input);
  return HOST_FIELDS.some((field) => JSON.stringify(after[field]) !== JSON.stringify(record[field]));
}

/** Writes a change that the host need not hear of. */
export function configure(store: ContainerStore, loaded: Loaded, input: UpdateInput, nowMs: number): Loaded {
  const record = configured(loaded.record, input);
  noteChanges(store, loaded.record, record, nowMs);
  const state = lifecycleState(loaded);
  const cause = {
    command: 'update',
    operationId: null,
    actor: input.actor,
    cause: null,
    durationMs: null,
  } as const;
  return journalTransition(store, loaded, record, state, cause, nowMs);
}

/** Events about a change of configuration, and the values that are free again after it. */
export function noteChanges(
  store: ContainerStore,
  before: ContainerRecord,
  after: ContainerRecord,
  nowMs: number,
): void {
  const released: string[] = [];
  if (before.name !== after.name) {
    released.push(before.name);
    journalEvent(store, after, 'container.renamed', nowMs, { from: before.name, to: after.name });
  }
  if (before.sshPublicKey !== after.sshPublicKey) {
    if (before.sshPublicKey !== null) released.push(sshKeyIdentity(before.sshPublicKey));
    journalEvent(
      store,
      after,
      `container.ssh_key.${after.sshPublicKey === null ? 'removed' : 'added'}`,
      nowMs,
      {},
    );
  }
  if (before.autostart !== after.autostart) {
    journalEvent(store, after, `container.autostart_${after.autostart ? 'enabled' : 'disabled'}`, nowMs, {});
  }
  if (before.cpu !== after.cpu || before.memory !== after.memory) {
    journalEvent(store, after, 'container.resource_updated', nowMs, { cpu: after.cpu, memory: after.memory });
  }
  if (released.length > 0) {
    store.appendOutbox({
      kind: 'release_holds',
      containerId: before.id,
      values: released,
      heldBefore: nowMs - 1,
    });
  }
}

/** The view of an update that was over as soon as it was written and is kept as no operation. */
export function immediateUpdate(record: ContainerRecord, operationId: string, nowMs: number): OperationView {
  return {
    id: operationId,
    containerId: record.id,
    command: 'update',
    status: 'succeeded',
    incarnation: record.incarnation,
    createdAt: nowMs,
    deadlineAt: nowMs,
    finishedAt: nowMs,
    error: null,
    result: null,
    progress: null,
  };
}
