/** How a host introduces itself, once, before it opens its link. */
import * as z from 'zod';
import { lazy } from './lazy.ts';
import { objectId } from './link-scalars.ts';

/** `POST /host/v1/enroll`: a host's one-time introduction. */
export const EnrollRequest = lazy(() =>
  z.strictObject({
    /** The one-time join token, 64 hex digits. */
    join_token: z.string().regex(/^[0-9a-f]{64}$/),
    /** Raw Ed25519 public key, 64 hex digits. */
    public_key: z.string().regex(/^[0-9a-f]{64}$/),
    hostname: z.string().min(1).max(255),
    /** The host's clock in Unix seconds; refused with HOST_CLOCK_SKEW beyond ±300 s. */
    timestamp: z.number().int(),
  }),
);
export type EnrollRequest = z.infer<ReturnType<typeof EnrollRequest>>;
export const EnrollResponse = lazy(() =>
  z.strictObject({
    server_id: objectId(),
    server_name: z.string(),
  }),
);
export type EnrollResponse = z.infer<ReturnType<typeof EnrollResponse>>;
