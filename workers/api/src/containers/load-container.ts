import { describeError, scopeOf } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract';
import { findContainer, type AccessLevel, type ContainerListing } from '@control-plane/database';
import type { AuthenticatedContext } from '../context.ts';
import { containerGateway, type ContainerGateway } from '../objects/gateways.ts';

/** What a request may ask of a container's object. */
export type ContainerClient = Omit<
  ContainerGateway,
  'report' | 'observe' | 'tend' | 'progress' | 'copyInterest'
>;

/**
 * The object that owns a container. Objects are reset by deployments and faults, also while a request waits
 * for them: then they are asked once more. Reads may be repeated anyway, and an operation's id makes the
 * second asking join what the first began.
 */
export function containerObject(context: AuthenticatedContext, containerId: string): ContainerClient {
  async function ask<T>(question: (object: ContainerGateway) => Promise<T>): Promise<T> {
    try {
      return await question(containerGateway(context.env, containerId));
    } catch (error) {
      context.log.warn('container object lost, asking again', {
        container_id: containerId,
        error: describeError(error),
      });
      return question(containerGateway(context.env, containerId));
    }
  }
  return {
    create: (input) => ask((object) => object.create(input)),
    command: (input) => ask((object) => object.command(input)),
    update: (input) => ask((object) => object.update(input)),
    claim: (input) => ask((object) => object.claim(input)),
    copy: (input) => ask((object) => object.copy(input)),
    sync: (input) => ask((object) => object.sync(input)),
    copyOut: (input) => ask((object) => object.copyOut(input)),
    letGo: (word) => ask((object) => object.letGo(word)),
    read: () => ask((object) => object.read()),
    readOperation: (operationId, waitMs) => ask((object) => object.readOperation(operationId, waitMs)),
    listSnapshots: () => ask((object) => object.listSnapshots()),
    renameSnapshot: (name, alias) => ask((object) => object.renameSnapshot(name, alias)),
    readStatusLog: (query) => ask((object) => object.readStatusLog(query)),
  };
}

/** A container that is missing or hidden; both look the same. */
export function containerNotFound(): Result<never> {
  return fail('CONTAINER_NOT_FOUND', 'Container not found');
}

/**
 * A container that the caller may use at `access`. One that they see but may only use at a lower level is
 * INSUFFICIENT_PERMISSIONS; a hidden one is as missing. With `write`, one on an expired server is refused.
 */
export async function loadContainer(
  context: AuthenticatedContext,
  containerId: string,
  access: AccessLevel,
): Promise<Result<ContainerListing>> {
  const startedAt = Date.now();
  const listing = await findContainer(context.database, scopeOf(context), containerId, access);
  context.timing('scope', Date.now() - startedAt);
  if (listing === null) {
    if (access === 'read') return containerNotFound();
    const visible = await findContainer(context.database, scopeOf(context), containerId, 'read');
    if (visible === null) return containerNotFound();
    return fail('INSUFFICIENT_PERMISSIONS', `this needs ${access} access to the container's project`);
  }
  if (access === 'edit' && listing.serverExpiredAt !== null) {
    return fail(
      'OPERATION_NOT_PERMITTED_ON_EXPIRED',
      "The server's rental has expired: its containers are read-only",
    );
  }
  return ok(listing);
}
