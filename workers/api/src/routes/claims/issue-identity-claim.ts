import { fail, ok } from '@control-plane/contract';
import { authenticationIssueIdentityClaim } from '@control-plane/contract/routes';
import { signClaim } from '@control-plane/signing';
import { operation } from '../../operation.ts';
import { signingKeys } from '../../signing-keys.ts';
import { claimLifetime, claimSubject } from './claim-subject.ts';

const LIFETIME_SECONDS_DEFAULT = 3600;

/** A claim of who the caller is, for one audience. Only the user's own session gets one. */
export const issueIdentityClaimOperation = operation(
  authenticationIssueIdentityClaim,
  async ({ body }, context) => {
    const { principal } = context;
    if (principal.impersonatedBy !== null) {
      return fail('INSUFFICIENT_PERMISSIONS', 'Identity claims are issued to nobody but the user');
    }
    const keys = await signingKeys(context);
    if (!keys.ok) return keys;
    const issuedAt = Math.floor(Date.now() / 1000);
    const wanted = body.expires_in ?? LIFETIME_SECONDS_DEFAULT;
    const lifetime = claimLifetime(wanted, principal.credentialExpiresAt, issuedAt);
    const { audience } = body;
    const claim = await signClaim(keys.value, {
      claim_type: 'identity',
      ...claimSubject(principal, issuedAt, lifetime),
      aud: audience,
    });
    return ok({
      message: 'Identity claim issued',
      data: {
        identity_claim: claim,
        expires_in: lifetime,
        expires_at: new Date((issuedAt + lifetime) * 1000).toISOString(),
        audience,
      },
      headers: { 'cache-control': 'no-store' },
    });
  },
);
