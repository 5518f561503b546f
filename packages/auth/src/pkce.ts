import { createHash } from 'node:crypto';
import { equalSecrets } from './secret.ts';

/** The S256 challenge of a PKCE verifier (RFC 7636 section 4.2): 43 characters of base64url. */
export function codeChallengeOf(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}

/** Whether `verifier` is the one that `challenge` was made of. Only S256: `plain` proves nothing. */
export function provesChallenge(challenge: string, verifier: string): boolean {
  return equalSecrets(codeChallengeOf(verifier), challenge);
}

/**
 * The verifier towards a provider, derived from what only this browser (its cookie) and this sign-in (its
 * state) know: nothing secret is stored, and a code that another browser brings can't be redeemed.
 */
export function providerVerifier(browserSecret: string, state: string): string {
  return createHash('sha256').update(`provider-verifier\n${browserSecret}\n${state}`).digest('base64url');
}
