import { scopeOf } from '@control-plane/serving';
import { fail, ok, type CopyContainerBody, type Result } from '@control-plane/contract';
import { grantsLeaf, randomTokenAlias, secureRandom } from '@control-plane/auth';
import {
  cancelReservation,
  findProject,
  findServerToCreateOn,
  reserveContainer,
  type ProjectRow,
} from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type * as z from 'zod';
import type { AuthenticatedContext } from '../context.ts';
import type { CopyRequest } from '../objects/container/copy-messages.ts';
import type { CommandOutcome } from '../objects/container/messages.ts';
import { hostGateway } from '../objects/gateways.ts';
import { randomColor } from '../routes/projects/color.ts';
import { realmsOfNew } from '../routes/realms/realm-membership.ts';
import { containerObject } from './load-container.ts';
import { checkServerUse } from './check-use.ts';
import { reservationRefused } from './reservation-refused.ts';
import { invocation } from './run-command.ts';

export type CopyBody = z.output<ReturnType<typeof CopyContainerBody>>;
type Accepted = Exclude<CommandOutcome, { kind: 'refused' }>;

export interface Copied {
  readonly project: ProjectRow;
  /** One for each copy, in the order of their names. */
  readonly outcomes: readonly [Accepted, ...Accepted[]];
  /** How a wish for KVM was answered. */
  readonly kvmNote: string | null;
}

interface Target {
  readonly project: ProjectRow;
  readonly server: { readonly id: string; readonly name: string };
  readonly realmIds: readonly string[];
  readonly hasKvm: boolean;
}

/**
 * Copies a container that the caller may edit: place and permission, then the reservation of every copy's
 * name, key and quota, then the source's word that it can be copied now, then the copies' objects, which do
 * the rest on their own. Whatever is refused leaves nothing behind.
 */
export async function copyContainer(
  context: AuthenticatedContext,
  source: ContainerRecord,
  body: CopyBody,
): Promise<Result<Copied>> {
  const permitted = checkLeaves(context, body);
  if (!permitted.ok) return permitted;
  const target = await findTarget(context, source, body);
  if (!target.ok) return target;
  const records = await newRecords(context, source, body, target.value);

  const reserved: string[] = [];
  for (const record of records) {
    const refusal = await reserveContainer(context.database, record);
    if (refusal !== null) {
      await takeBack(context, reserved);
      return reservationRefused(refusal);
    }
    reserved.push(record.id);
  }
  const copy: CopyRequest = {
    sourceId: source.id,
    // Follows from the request's seed, so that a retry asks for the same moment of the source.
    copyPoint: `copy-${context.seedId}`,
    stateful: body.stateful,
    sourceSnapshot: body.source_snapshot ?? null,
    base: null,
    withSnapshots: !body.stateful && body.source_snapshot === undefined,
  };
  const outcomes: Accepted[] = [];
  for (const record of records) {
    const outcome = await beginCopy(context, record, copy);
    if (!outcome.ok) {
      // The source is asked first for each of them: what it refuses to the first, it refuses to all.
      if (outcomes.length === 0) {
        await takeBack(context, reserved);
        return outcome;
      }
      await takeBack(context, [record.id]);
      context.log.warn('a copy could not be begun', { container_id: record.id, code: outcome.error.code });
      continue;
    }
    outcomes.push(outcome.value);
  }
  const [first, ...others] = outcomes;
  if (first === undefined) throw new Error('a request for copies begins at least one');
  return ok({
    project: target.value.project,
    outcomes: [first, ...others],
    kvmNote:
      body.kvm && !target.value.hasKvm ? 'This server offers no KVM; the copy is made without it' : null,
  });
}

function checkLeaves({ principal }: AuthenticatedContext, body: CopyBody): Result<void> {
  const { grant } = principal;
  if (grant === null) return ok(undefined);
  if (body.ssh_public_key != null && !grantsLeaf(grant.permissions, 'resources.ssh_keys')) {
    return fail('INSUFFICIENT_PERMISSIONS', 'The token needs resources.ssh_keys to set an SSH key');
  }
  if (body.source_snapshot !== undefined && !grantsLeaf(grant.permissions, 'containers.features.snapshots')) {
    return fail(
      'INSUFFICIENT_PERMISSIONS',
      'The token needs containers.features.snapshots to copy a snapshot',
    );
  }
  return ok(undefined);
}

async function findTarget(
  context: AuthenticatedContext,
  source: ContainerRecord,
  body: CopyBody,
): Promise<Result<Target>> {
  const { database, env, principal } = context;
  const scope = scopeOf(context);
  const [project, server] = await Promise.all([
    findProject(database, scope, body.target_project_id, 'read'),
    findServerToCreateOn(database, scope, body.target_server_id ?? source.serverId),
  ]);
  if (project === null) return fail('RESOURCE_NOT_FOUND', 'Project not found');
  if (project.access === 'read') {
    return fail('INSUFFICIENT_PERMISSIONS', 'this needs edit access to the target project');
  }
  if (server === null) return fail('RESOURCE_NOT_FOUND', 'Server not found');
  const usable = await checkServerUse(database, project.userId, server.id);
  if (!usable.ok) return usable;
  if (areApart(source.realmIds, project.realmIds)) {
    return fail('INSUFFICIENT_PERMISSIONS', 'A container cannot be copied into a project of another realm');
  }
  const realmIds = realmsOfNew(principal, context.realmId, source.realmIds);
  if (!realmIds.ok) return realmIds;
  const host = await hostGateway(env, server.id).status();
  if (!host.connected) {
    return fail(
      'HOST_UNAVAILABLE',
      `Server "${server.name}" is not connected right now; nothing was made, try again later`,
      { data: { server_id: server.id } },
    );
  }
  const hasKvm = body.kvm && host.capabilities?.kvm === true;
  return ok({ project, server, realmIds: realmIds.value, hasKvm });
}

/** Whether two sets of realms have nothing in common; what carries no realm is apart from nothing. */
export function areApart(left: readonly string[], right: readonly string[]): boolean {
  return left.length > 0 && right.length > 0 && !left.some((realmId) => right.includes(realmId));
}

/** The containers to be made, version 0. Nothing secret or unique is inherited: no name, no SSH key, no KVM. */
async function newRecords(
  context: AuthenticatedContext,
  source: ContainerRecord,
  body: CopyBody,
  target: Target,
): Promise<ContainerRecord[]> {
  const now = Date.now();
  const name = body.name ?? randomTokenAlias(secureRandom);
  const ids = await copyIds(context.seedId, body.count);
  return ids.map((id, index) => ({
    ...source,
    id,
    projectId: target.project.id,
    userId: target.project.userId,
    serverId: target.server.id,
    serverName: target.server.name,
    name: numbered(name, index),
    color: randomColor(),
    kvm: target.hasKvm,
    prespawn: false,
    isDefault: false,
    sshPublicKey: body.ssh_public_key ?? null,
    sourceContainerId: source.id,
    realmIds: target.realmIds,
    status: 'copying',
    incarnation: 0,
    version: 0,
    operation: null,
    failure: null,
    snapshotCount: 0,
    lastUsedSnapshot: null,
    lastRestoredAs: null,
    createdAt: now,
    updatedAt: now,
  }));
}

/** `name`, `name-2`, `name-3` …, within the bound of names. */
function numbered(name: string, index: number): string {
  if (index === 0) return name;
  const suffix = `-${index + 1}`;
  return name.slice(0, 100 - suffix.length) + suffix;
}

/** The seed, and as many more ids as follow from it. */
async function copyIds(seedId: string, count: number): Promise<string[]> {
  const others = Array.from({ length: count - 1 }, async (_, index) => {
    const text = new TextEncoder().encode(`copy ${index + 2} of ${seedId}`);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
    return Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('');
  });
  return [seedId, ...(await Promise.all(others))];
}

/** Asks the source, then makes the copy. What the source made for nothing, it is told to let go. */
async function beginCopy(
  context: AuthenticatedContext,
  record: ContainerRecord,
  copy: CopyRequest,
): Promise<Result<Accepted>> {
  const { operationId, actor, requestId } = invocation(context, record.id, 'copy');
  const source = containerObject(context, copy.sourceId);
  const { copyPoint, stateful, sourceSnapshot, base } = copy;
  const asked = { copyPoint, targetId: record.id, stateful, sourceSnapshot, base };
  const answer = await source.copyOut({ ...asked, actor, requestId, waitMs: 0 });
  if (answer.kind === 'refused') return { ok: false, error: answer.error };
  const outcome = await containerObject(context, record.id).copy({
    operationId,
    actor,
    requestId,
    waitMs: 0,
    record,
    copy,
  });
  if (outcome.kind !== 'refused') return ok(outcome);
  await source.letGo({ targetId: record.id, copyPoint, keepAsBase: false });
  return { ok: false, error: outcome.error };
}

async function takeBack(context: AuthenticatedContext, containerIds: readonly string[]): Promise<void> {
  for (const containerId of containerIds) await cancelReservation(context.database, containerId);
}
