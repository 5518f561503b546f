import type { FreeTierFacts, UserRow } from '@control-plane/database';
import type { Env } from '../env.ts';

/** Names of the servers that are offered for free. */
export function freeServerNames({ FREE_TIER_SERVERS = '' }: Pick<Env, 'FREE_TIER_SERVERS'>): string[] {
  return FREE_TIER_SERVERS.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Whether this installation asks for an invite code. */
export function isGateSet({ FREE_TIER_INVITE_ONLY }: Pick<Env, 'FREE_TIER_INVITE_ONLY'>): boolean {
  return FREE_TIER_INVITE_ONLY === 'true';
}

/** Whether the free tier is open to an account: it was opened once, or there is no gate. */
export function isUnlocked(env: Pick<Env, 'FREE_TIER_INVITE_ONLY'>, user: UserRow): boolean {
  return !isGateSet(env) || user.freeTierUnlockedAt !== null;
}

/** Why an account can't claim a free server now; `none`: it can. */
export function claimBlockedReason(unlocked: boolean, { server, hasRoom }: FreeTierFacts) {
  if (server !== null) return 'already_claimed' as const;
  if (!unlocked) return 'invite_required' as const;
  return hasRoom ? ('none' as const) : ('pool_empty' as const);
}
