import * as z from 'zod';
import { lazy } from '../lazy.ts';
import {
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN,
  PASSWORD_LENGTH_MIN_AT_LOGIN,
  provisioned,
} from './authentication.ts';
import { FreeObject, ObjectId, QueryBooleanDefaultFalse, Timestamp, queryInteger } from './scalars.ts';

export const METADATA_BYTES_MAX = 64 * 1024;

const Metadata = lazy(() =>
  FreeObject().refine(
    (metadata) => new TextEncoder().encode(JSON.stringify(metadata)).length <= METADATA_BYTES_MAX,
    { error: `may have at most ${METADATA_BYTES_MAX} bytes of JSON` },
  ),
);

/** A new `password` needs `current_password`; `is_admin` and `is_banned` are an administrator's to set. */
export const UpdateUserBody = lazy(() =>
  z.strictObject({
    alias: z.string().min(1).max(100).optional(),
    public_key: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits')
      .optional(),
    metadata: Metadata().optional(),
    password: z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX).optional(),
    current_password: z.string().min(PASSWORD_LENGTH_MIN_AT_LOGIN).max(PASSWORD_LENGTH_MAX).optional(),
    is_admin: z.boolean().optional(),
    is_banned: z.boolean().optional(),
  }),
);

export const FreeTierStatusData = lazy(() =>
  z.object({
    gate_enabled: z.boolean(),
    unlocked: z.boolean(),
    has_free_server: z.boolean(),
    can_claim: z.boolean(),
    claim_blocked_reason: z.enum(['none', 'invite_required', 'pool_empty', 'already_claimed']),
    signup_code_failed: z.boolean(),
  }),
);

export const MilestoneBody = lazy(() =>
  z.strictObject({
    milestone: z
      .string()
      .regex(
        /^(hub_tour_v[0-9]{1,3}|dashboard_[a-z0-9_]{1,30}|onboarding_[a-z0-9_]{1,30})$/,
        'must be hub_tour_vN, dashboard_NAME or onboarding_NAME',
      ),
  }),
);
/** Milestone to the time at which it was first reached. */
export const MilestoneData = lazy(() => z.object({ onboarding: FreeObject() }));

export const RedeemInviteBody = lazy(() => z.strictObject({ code: z.string().min(1).max(64) }));
/** `required`: whether this installation asks for a code at all. */
export const RedeemInviteData = lazy(() =>
  z.object({
    unlocked: z.boolean(),
    required: z.boolean(),
    claim_blocked_reason: z.enum(['none', 'pool_empty']),
    ...provisioned(),
  }),
);

export const RetrySetupBody = lazy(() =>
  z.strictObject({
    region: z
      .string()
      .max(50)
      .regex(/^[a-z0-9-]+$/, 'may hold lower-case letters, digits and -')
      .nullish(),
  }),
);
export const RetrySetupData = lazy(() =>
  z.object({ ...provisioned(), blocked_reason: z.enum(['admin_recovery_required']).nullable() }),
);

export const SecurityHistoryQuery = lazy(() =>
  z.object({
    page: queryInteger(1, 10_000).default(1),
    limit: queryInteger(1, 100).default(50),
    include_failed: QueryBooleanDefaultFalse(),
    include_security: QueryBooleanDefaultFalse(),
  }),
);

/** `country` stays null: nothing here looks addresses up. */
const SecurityHistoryEntry = lazy(() =>
  z.object({
    id: ObjectId(),
    event: z.string(),
    outcome: z.enum(['success', 'failed']),
    ip_address: z.string(),
    country: z.string().nullable(),
    client: z.string().nullable(),
    created_at: Timestamp(),
  }),
);
export const SecurityHistoryData = lazy(() => z.array(SecurityHistoryEntry()));
