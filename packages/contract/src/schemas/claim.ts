import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, ObjectId, Timestamp } from './scalars.ts';

export const IDENTITY_CLAIM_SECONDS_MIN = 60;
export const IDENTITY_CLAIM_SECONDS_MAX = 86_400;

/** `payload_b64`: base64url of the claim's JSON; the signature is Ed25519 over the bytes of that text. */
const SignedClaim = lazy(() =>
  z.object({
    kid: z.string(),
    payload_b64: z.string(),
    signature_hex: z.string().regex(/^[0-9a-f]{128}$/),
  }),
);

/** `expires_in` in seconds; the claim never outlives the session that asks for it. */
export const IssueIdentityClaimBody = lazy(() =>
  z.strictObject({
    audience: z
      .string()
      .regex(/^[\x21\x23-\x7e]{1,256}$/, 'must be 1 to 256 printable ASCII characters, no space, no "')
      .min(1)
      .max(256),
    expires_in: z.number().int().min(IDENTITY_CLAIM_SECONDS_MIN).max(IDENTITY_CLAIM_SECONDS_MAX).optional(),
  }),
);

export const IdentityClaimData = lazy(() =>
  z.object({
    identity_claim: SignedClaim(),
    expires_in: Count(),
    expires_at: Timestamp(),
    audience: z.string(),
  }),
);

export const ContainerClaimData = lazy(() =>
  z.object({
    container_claim: SignedClaim(),
    expires_in: Count(),
    container_id: ObjectId(),
    project_id: ObjectId(),
  }),
);
