import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { AuthTokenIntrospection } from './auth-token.ts';
import { Count, FreeObject, ObjectId, Timestamp } from './scalars.ts';

/**
 * A user as seen by themself. A token without `resources.read_account` sees id, username, alias,
 * public_key and the times only, hence the optional rest.
 */
export const User = lazy(() =>
  z.object({
    id: ObjectId(),
    username: z.string(),
    alias: z.string(),
    public_key: z.string().optional(),
    email: z.string().optional(),
    metadata: FreeObject().optional(),
    is_admin: z.boolean().optional(),
    is_banned: z.boolean().optional(),
    email_verified: z.boolean().optional(),
    avatar_url: z.string().nullable().optional(),
    signup_method: z.string().optional(),
    free_tier_unlocked: z.boolean().optional(),
    free_tier_unlocked_at: Timestamp().nullable().optional(),
    free_tier_unlock_source: z.string().nullable().optional(),
    onboarding: FreeObject().optional(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
  }),
);

/** `auth_token` when the caller is an auth token. */
export const CurrentUser = lazy(() =>
  User().extend({
    auth_token: AuthTokenIntrospection().optional(),
    pending_pool_invitations: Count().optional(),
  }),
);
