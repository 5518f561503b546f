import { randomObjectId } from '@control-plane/serving';
import { checkPasswordPolicy, hashPassword, secureRandom } from '@control-plane/auth';
import type { RouteInput } from '@control-plane/contract';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { usersUpdate } from '@control-plane/contract/routes';
import { updateProfile, type NewEvent, type ProfileChanges, type UserRow } from '@control-plane/database';
import { confirmPassword } from '../../accounts/confirm-password.ts';
import { noteSecurityEvent } from '../../accounts/note-security-event.ts';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { userViewFor } from '../authentication/user-view.ts';
import { accessibleUser, isAdministrator } from './access.ts';

type Body = RouteInput<typeof usersUpdate>['body'];

function refuse(field: string, message: string) {
  return fail('VALIDATION_ERROR', message, { data: [{ instancePath: `/${field}`, message }] });
}

/** Who may set `is_admin` and `is_banned`: administrators, and not for themselves, or they lock themselves out. */
function checkAdminFields(context: AuthenticatedContext, target: UserRow, body: Body): Result<void> {
  if (body.is_admin === undefined && body.is_banned === undefined) return ok(undefined);
  if (!isAdministrator(context)) {
    return fail('INSUFFICIENT_PERMISSIONS', 'is_admin and is_banned are for administrators to set');
  }
  if (target.id !== context.principal.userId) return ok(undefined);
  if (body.is_admin === false) return refuse('is_admin', "You can't take your own rights away");
  if (body.is_banned === true) return refuse('is_banned', "You can't ban yourself");
  return ok(undefined);
}

/**
 * The hash of a new password. Whoever sets one gives their own current password with it, an administrator
 * who sets another user's too.
 *
 * @returns undefined without a new password
 */
async function newPasswordHash(
  context: AuthenticatedContext,
  { password, current_password: currentPassword }: Body,
): Promise<Result<{ hash: string; confirmed: UserRow } | undefined>> {
  if (password === undefined) return ok(undefined);
  if (currentPassword === undefined) {
    return refuse('current_password', 'A new password needs the current one');
  }
  const policy = checkPasswordPolicy(password);
  if (!policy.ok) return policy;
  const confirmed = await confirmPassword(context, currentPassword, 'current_password');
  if (!confirmed.ok) return confirmed;
  return ok({ hash: await hashPassword(password, secureRandom), confirmed: confirmed.value });
}

function eventsOf(target: UserRow, body: Body, now: number): NewEvent[] {
  const types = [
    ...(body.is_banned === undefined || body.is_banned === target.isBanned
      ? []
      : [body.is_banned ? 'user.banned' : 'user.unbanned']),
    ...(body.is_admin === undefined || body.is_admin === target.isAdmin ? [] : ['user.role_changed']),
  ];
  return types.map((eventType) => ({
    id: randomObjectId(),
    userId: target.id,
    eventType,
    resourceType: 'user',
    resourceId: target.id,
    payload: {
      id: target.id,
      is_admin: body.is_admin ?? target.isAdmin,
      is_banned: body.is_banned ?? target.isBanned,
    },
    realmIds: [],
    now,
  }));
}

/**
 * Changes a profile, a password, or (administrators) rights. Fields are taken one by one: what else a body
 * might hold changes nothing.
 */
export const updateUser = operation(usersUpdate, async ({ params, body }, context) => {
  const target = await accessibleUser(context, params.id);
  if (!target.ok) return target;
  const permitted = checkAdminFields(context, target.value, body);
  if (!permitted.ok) return permitted;
  const password = await newPasswordHash(context, body);
  if (!password.ok) return password;

  const now = Date.now();
  const isOwn = target.value.id === context.principal.userId;
  const changes: ProfileChanges = {
    alias: body.alias,
    publicKey: body.public_key?.toLowerCase(),
    metadataJson: body.metadata === undefined ? undefined : JSON.stringify(body.metadata),
    passwordHash: password.value?.hash,
    isAdmin: body.is_admin,
    isBanned: body.is_banned,
    // An administrator who sets a password takes the account back from whoever holds its sessions.
    endSessions: !isOwn && password.value !== undefined,
  };
  const checkedHash = isOwn ? (password.value?.confirmed.passwordHash ?? null) : null;
  const events = eventsOf(target.value, body, now);
  const updated = await updateProfile(context.database, target.value.id, changes, checkedHash, events, now);
  if (updated === null) return refuse('current_password', 'The password was changed meanwhile');
  if (password.value !== undefined) noteSecurityEvent(context, updated.id, 'password_changed', now);
  return ok({ message: 'User updated', data: userViewFor(updated, context.principal) });
});
