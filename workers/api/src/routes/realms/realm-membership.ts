import type { Principal } from '@control-plane/auth';
import { REALMS_MAX, fail, ok, type Result } from '@control-plane/contract';
import { visibleRealms } from './visible-realms.ts';

/** Whether the caller's credential is bound to realms: such a caller can't decide over realm membership. */
function isRealmBound(principal: Principal): boolean {
  return principal.grant !== null && principal.grant.realmIds.length > 0;
}

/**
 * The realms that a new resource carries. What is made on a realm host carries that realm beside the
 * requested ones; a realm-bound token makes things in the active realm only, whatever it asks for.
 */
export function realmsOfNew(
  principal: Principal,
  activeRealmId: string | null,
  requested: readonly string[] | undefined,
): Result<readonly string[]> {
  if (!isRealmBound(principal)) return bounded(union(requested ?? [], activeRealmId));
  if (activeRealmId === null) throw new Error('a realm-bound token got past the realm rule');
  return ok([activeRealmId]);
}

/**
 * The realms that a changed resource carries from now on; undefined: they stay as they are. The active
 * realm is kept, so that no caller changes a thing out of its own sight. A realm-bound token may repeat the
 * realms that it sees and nothing else (INSUFFICIENT_PERMISSIONS), whatever others there are.
 */
export function realmsOfChanged(
  principal: Principal,
  activeRealmId: string | null,
  requested: readonly string[] | undefined,
  present: readonly string[],
): Result<readonly string[] | undefined> {
  if (requested === undefined) return ok(undefined);
  const wanted = union(requested, activeRealmId);
  const known = visibleRealms(principal, present);
  if (wanted.length === known.length && wanted.every((realmId) => known.includes(realmId))) {
    return ok(undefined);
  }
  if (isRealmBound(principal)) {
    return fail('INSUFFICIENT_PERMISSIONS', 'a realm-restricted token can not change realm_ids');
  }
  return bounded(wanted);
}

function union(realmIds: readonly string[], activeRealmId: string | null): readonly string[] {
  return [...new Set(activeRealmId === null ? realmIds : [...realmIds, activeRealmId])];
}

function bounded(realmIds: readonly string[]): Result<readonly string[]> {
  if (realmIds.length <= REALMS_MAX) return ok(realmIds);
  const message = `a resource can carry at most ${REALMS_MAX} realms`;
  return fail('VALIDATION_ERROR', message, { data: [{ instancePath: '/realm_ids', message }] });
}
