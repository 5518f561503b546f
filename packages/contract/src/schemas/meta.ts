import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Timestamp } from './scalars.ts';

/** Keys with which answers and claims are signed; several during a rotation, one of them active. */
export const PublicKeys = lazy(() =>
  z.object({
    keys: z.array(
      z.object({
        kid: z.string(),
        algorithm: z.enum(['ed25519']),
        public_key_hex: z.string(),
        public_key_b64: z.string(),
        public_key_b64url: z.string(),
      }),
    ),
    active_kid: z.string(),
    usage: z.array(z.enum(['response-signing', 'identity-claims', 'container-claims'])),
    signing_format: z.object({
      response_header: z.string(),
      response_signed_data: z.string(),
      identity_claim_signed_data: z.string(),
      container_claim_signed_data: z.string(),
      replay_tolerance_seconds: z.number(),
    }),
  }),
);

/** null: not known. */
export const SocialStats = lazy(() =>
  z.object({
    github: z.number().nullable(),
    telegram: z.number().nullable(),
    discord: z.number().nullable(),
    discord_online: z.number().nullable(),
    x: z.number().nullable(),
    linkedin: z.number().nullable(),
    fetchedAt: Timestamp().nullable(),
  }),
);
