import { randomHex, randomObjectId } from '@control-plane/serving';
import { secureRandom, usernameFromEmail } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import { findIdentityOwner, linkIdentity, type UserRow } from '@control-plane/database';
import { provisionInBackground } from '../../accounts/provision-defaults.ts';
import type { RequestContext } from '../../context.ts';
import type { ProviderProfile } from './provider-client.ts';
import type { ProviderConfig } from './provider-config.ts';

/** Draws of a username before giving up; each has 16 random bits behind the local part. */
const USERNAME_DRAWS_MAX = 8;

/**
 * The account of a profile: the one that its identity is linked to, else the one of its verified e-mail
 * address, else a new one. An address that the provider has not verified opens nothing
 * (EMAIL_NOT_VERIFIED); an account that another identity of the provider opens stays closed to this one
 * (INSUFFICIENT_PERMISSIONS).
 */
export async function accountOfProfile(
  context: RequestContext,
  { name, title }: ProviderConfig,
  profile: ProviderProfile,
  inviteCodeHash: string | null,
  now: number,
): Promise<Result<UserRow>> {
  const { database } = context;
  const { subject, username: providerUsername, verifiedEmail } = profile;
  const identity = { provider: name, subject, username: providerUsername };
  const owner = await findIdentityOwner(database, identity, now);
  if (owner !== null) return ok(owner);
  if (verifiedEmail === null) {
    return fail('EMAIL_NOT_VERIFIED', `${title} has no verified e-mail address of this account`);
  }
  for (let draw = 0; draw < USERNAME_DRAWS_MAX; draw += 1) {
    const id = randomObjectId();
    const username = usernameFromEmail(verifiedEmail, secureRandom);
    const project = { id: randomObjectId(), alias: 'default', color: `#${randomHex(6).toUpperCase()}` };
    const outcome = await linkIdentity(database, identity, {
      id,
      username,
      email: verifiedEmail,
      inviteCodeHash,
      project,
      userEvent: {
        id: randomObjectId(),
        userId: id,
        eventType: 'user.created',
        resourceType: 'user',
        resourceId: id,
        payload: { id, username, signup_method: name },
        realmIds: [],
        now,
      },
      projectEvent: {
        id: randomObjectId(),
        eventType: 'project.created',
        resourceType: 'project',
        resourceId: project.id,
        payload: { ...project, is_default: true },
        realmIds: [],
        now,
      },
      now,
    });
    if (outcome.kind === 'linked') {
      if (outcome.isNew) provisionInBackground(context, outcome.user);
      return ok(outcome.user);
    }
    if (outcome.kind === 'other_identity') {
      return fail('INSUFFICIENT_PERMISSIONS', `The account is linked to another ${title} account`);
    }
  }
  throw new Error('no free username was found');
}
