import { scopeOf } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract';
import type { CreateContainerBody } from '@control-plane/contract';
import { grantsLeaf, randomTokenAlias, secureRandom } from '@control-plane/auth';
import {
  cancelReservation,
  findContainer,
  findProject,
  findServerToCreateOn,
  reserveContainer,
  type ContainerListing,
} from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type * as z from 'zod';
import type { AuthenticatedContext } from '../context.ts';
import type { CommandOutcome } from '../objects/container/messages.ts';
import { normaliseColor, randomColor } from '../routes/projects/color.ts';
import { realmsOfNew } from '../routes/realms/realm-membership.ts';
import { chooseImage } from './choose-image.ts';
import { createFromPool } from './create-from-pool.ts';
import { checkImageUse, checkServerUse } from './check-use.ts';
import { containerObject } from './load-container.ts';
import { reservationRefused } from './reservation-refused.ts';
import { invocation } from './run-command.ts';
import { hostGateway } from '../objects/gateways.ts';

export type CreateRequest = z.output<ReturnType<typeof CreateContainerBody>>;

export interface Created {
  readonly listing: ContainerListing;
  readonly outcome: Exclude<CommandOutcome, { kind: 'refused' }>;
  /** How a wish for KVM was answered. */
  readonly kvmNote: string | null;
}

/**
 * Creates a container: place and permission, then the reservation of its name, key and quota, then its
 * object. Whatever is refused leaves nothing behind.
 *
 * @param options `isDefault`: it is the one that comes with an account
 */
export async function createContainer(
  context: AuthenticatedContext,
  projectId: string,
  body: CreateRequest,
  { isDefault = false }: { readonly isDefault?: boolean } = {},
): Promise<Result<Created>> {
  const { database, env, principal } = context;
  const scope = scopeOf(context);
  if (body.prespawn) return fail('PRESPAWN_FORBIDDEN', 'Prespawned containers are made by the platform only');
  const sshPublicKey = body.ssh_public_key ?? null;
  if (
    sshPublicKey !== null &&
    principal.grant !== null &&
    !grantsLeaf(principal.grant.permissions, 'resources.ssh_keys')
  ) {
    return fail('INSUFFICIENT_PERMISSIONS', 'The token needs resources.ssh_keys to set an SSH key');
  }
  const [project, server] = await Promise.all([
    findProject(database, scope, projectId, 'read'),
    findServerToCreateOn(database, scope, body.server_id),
  ]);
  if (project === null) return fail('RESOURCE_NOT_FOUND', 'Project not found');
  if (project.access === 'read')
    return fail('INSUFFICIENT_PERMISSIONS', 'this needs edit access to the project');
  if (server === null) return fail('RESOURCE_NOT_FOUND', 'Server not found');
  const usable = await checkServerUse(database, project.userId, server.id);
  if (!usable.ok) return usable;
  const realmIds = realmsOfNew(principal, context.realmId, body.realm_ids ?? undefined);
  if (!realmIds.ok) return realmIds;
  const host = await hostGateway(env, server.id).status();
  if (!host.connected) {
    return fail(
      'HOST_UNAVAILABLE',
      `Server "${server.name}" is not connected right now; nothing was made, try again later`,
      {
        data: { server_id: server.id },
      },
    );
  }
  const image = await chooseImage(database, server, body.container_image, host.imageNames);
  if (!image.ok) return image;
  const paid = await checkImageUse(database, project.userId, server.id, image.value);
  if (!paid.ok) return paid;
  const hasKvm = body.kvm && host.capabilities?.kvm === true;

  const now = Date.now();
  const record: ContainerRecord = {
    id: context.seedId,
    projectId: project.id,
    userId: project.userId,
    serverId: server.id,
    serverName: server.name,
    name:
      body.name === undefined || body.name === null || body.name === 'rand'
        ? randomTokenAlias(secureRandom)
        : body.name,
    color: body.color === undefined || body.color === null ? randomColor() : normaliseColor(body.color),
    image: image.value,
    cpu: body.cpu ?? null,
    memory: body.memory ?? null,
    ai: body.ai,
    hoodyKit: body.hoody_kit,
    devKit: body.dev_kit ?? body.hoody_kit,
    kvm: hasKvm,
    autostart: body.autostart,
    ramdisk: body.ramdisk,
    ramdiskScope: body.ramdisk_scope,
    prespawn: false,
    isDefault,
    environmentVars: body.environment_vars ?? {},
    sshPublicKey,
    comment: body.comment ?? null,
    sourceContainerId: null,
    realmIds: realmIds.value,
    status: 'creating',
    incarnation: 0,
    version: 0,
    operation: null,
    failure: null,
    snapshotCount: 0,
    lastUsedSnapshot: null,
    lastRestoredAs: null,
    createdAt: now,
    updatedAt: now,
  };
  const warm = body.bypass_prespawn ? null : await createFromPool(context, host, record);
  const made = warm ?? (await createPlain(context, record));
  if (!made.ok) return made;
  const outcome = made.value;
  const listing = await findContainer(database, scope, outcome.record.id, 'read');
  const shown = listing ?? {
    record: outcome.record,
    projectAlias: project.alias,
    server: null,
    serverExpiredAt: null,
    serverSuspendedAt: null,
    rentalEndsAt: null,
  };
  return ok({
    listing: { ...shown, record: outcome.record },
    outcome,
    kvmNote: body.kvm && !hasKvm ? 'This server offers no KVM; the container was made without it' : null,
  });
}

/** Reserves what the container needs to be one of its kind, then has it built. */
async function createPlain(
  context: AuthenticatedContext,
  record: ContainerRecord,
): Promise<Result<Created['outcome']>> {
  const refusal = await reserveContainer(context.database, record);
  if (refusal !== null) return reservationRefused(refusal);
  const outcome = await containerObject(context, record.id).create({
    ...invocation(context, record.id, 'create'),
    waitMs: 0,
    record,
  });
  if (outcome.kind !== 'refused') return ok(outcome);
  await cancelReservation(context.database, record.id);
  return { ok: false, error: outcome.error };
}
