import { fail, ok, type Result } from '@control-plane/contract';
import { findContainer, type AccessLevel, type ContainerListing } from '@control-plane/database';
import { scopeOf, type AuthenticatedContext } from '../context.ts';
import { containerGateway, type ContainerGateway } from '../objects/gateways.ts';

/** The object that owns a container. */
export function containerObject(context: AuthenticatedContext, containerId: string): ContainerGateway {
  return containerGateway(context.env, containerId);
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
