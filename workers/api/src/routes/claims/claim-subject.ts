import { JWT_ISSUER, type Principal } from '@control-plane/auth';

/** A day: the longest life of a claim, and so the shortest time that a retired key has to stay published. */
export const CLAIM_SECONDS_MAX = 86_400;

/** What every claim says of its caller. `issuedAt` and `expiresAt` in Unix seconds. */
export function claimSubject(principal: Principal, issuedAt: number, lifetimeSeconds: number) {
  return {
    iss: JWT_ISSUER,
    sub: principal.userId,
    username: principal.username,
    type: principal.isAdmin ? 'admin' : 'user',
    iat: issuedAt,
    exp: issuedAt + lifetimeSeconds,
  };
}

/**
 * How long a claim lives: as long as wanted, but no longer than the credential that asks for it, nor than a
 * day. At least a second, so that what is answered is never expired already.
 *
 * @param credentialExpiresAt Unix milliseconds; null: never
 * @param issuedAt Unix seconds
 */
export function claimLifetime(
  wantedSeconds: number,
  credentialExpiresAt: number | null,
  issuedAt: number,
): number {
  const remaining =
    credentialExpiresAt === null ? CLAIM_SECONDS_MAX : Math.floor(credentialExpiresAt / 1000) - issuedAt;
  return Math.max(1, Math.min(wantedSeconds, CLAIM_SECONDS_MAX, remaining));
}
