import { grantsLeaf, type Principal } from '@control-plane/auth';
import type { UserRow } from '@control-plane/database';

/** An instant (Unix ms) as the wire has it. */
export function timestamp(instant: number): string {
  return new Date(instant).toISOString();
}

/** What everybody who is let in may see of a user. */
function publicView(user: UserRow) {
  return {
    id: user.id,
    username: user.username,
    alias: user.alias ?? user.username,
    ...(user.publicKey === null ? {} : { public_key: user.publicKey }),
    created_at: timestamp(user.createdAt),
    updated_at: timestamp(user.updatedAt),
  };
}

function readObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** A user as they see themself. */
export function userView(user: UserRow) {
  const { freeTierUnlockedAt } = user;
  return {
    ...publicView(user),
    email: user.email,
    metadata: readObject(user.metadataJson),
    is_admin: user.isAdmin,
    is_banned: user.isBanned,
    email_verified: user.emailVerified,
    avatar_url: null,
    signup_method: user.signupMethod,
    free_tier_unlocked: freeTierUnlockedAt !== null,
    free_tier_unlocked_at: freeTierUnlockedAt === null ? null : timestamp(freeTierUnlockedAt),
    free_tier_unlock_source: user.freeTierUnlockSource,
    onboarding: readObject(user.onboardingJson),
  };
}

/** A user as the caller may see them: a token without `resources.read_account` sees the public part. */
export function userViewFor(user: UserRow, principal: Principal) {
  const { grant } = principal;
  const isWhole = grant === null || grantsLeaf(grant.permissions, 'resources.read_account');
  return isWhole ? userView(user) : publicView(user);
}
