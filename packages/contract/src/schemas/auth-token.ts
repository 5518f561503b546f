import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, FreeObject, ObjectId, RealmIds, Timestamp } from './scalars.ts';
import { TokenPermissions } from './token-permissions.ts';

export const TOKEN_ALIAS_LENGTH_MAX = 254;
export const IP_WHITELIST_ENTRIES_MAX = 100;
export const PUBLIC_STORAGE_BYTES_MAX = 64 * 1024;
export const PERMISSION_TEMPLATES = [
  'full_access',
  'external_customer',
  'dev_team',
  'finance_team',
  'read_only',
] as const;
export type PermissionTemplateName = (typeof PERMISSION_TEMPLATES)[number];

/** 32 bytes as hex, either case. */
const TokenPublicKey = lazy(() => z.string().regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits'));

const PublicStorage = lazy(() =>
  FreeObject().refine(
    (storage) => new TextEncoder().encode(JSON.stringify(storage)).length <= PUBLIC_STORAGE_BYTES_MAX,
    { error: `may have at most ${PUBLIC_STORAGE_BYTES_MAX} bytes of JSON` },
  ),
);

const TokenAlias = lazy(() =>
  z
    .string()
    .min(1)
    .max(TOKEN_ALIAS_LENGTH_MAX)
    .regex(/^[a-zA-Z0-9 _-]*$/, 'may hold letters, digits, space, _ and -'),
);

/** A list, a comma-joined text or `*`; its entries are checked where CIDR is understood. */
const IpWhitelist = lazy(() =>
  z.union([z.array(z.string().max(64)).max(IP_WHITELIST_ENTRIES_MAX), z.string().max(8192)], {
    error: 'must be a list of addresses and networks, a comma-joined text or *',
  }),
);

/** ISO time, Unix seconds or milliseconds, `today`, `tomorrow`; null: never. */
const TokenExpiry = lazy(() =>
  z
    .union([z.string().max(64), z.number().min(0)], {
      error: 'must be an ISO time, Unix seconds or milliseconds, today, tomorrow or null',
    })
    .nullish(),
);

/** Code of an authenticator app, for users whose token mutations are gated by it. */
const OtpCode = lazy(() => z.string().max(12).nullish());

/** A template wins over `permissions`. */
export const CreateAuthTokenBody = lazy(() =>
  z.strictObject({
    alias: TokenAlias().nullish(),
    public_key: TokenPublicKey().nullish(),
    public_storage: PublicStorage().nullish(),
    ip_whitelist: IpWhitelist().default('*'),
    permission_template: z.enum(PERMISSION_TEMPLATES).nullish(),
    permissions: TokenPermissions().nullish(),
    realm_ids: RealmIds().optional(),
    allow_no_realm: z.boolean().default(true),
    vault_access: z.boolean().default(false),
    event_access: z.boolean().default(true),
    deny_reauthorization: z.boolean().default(false),
    expires_at: TokenExpiry(),
    otp_code: OtpCode(),
  }),
);

/** An absent field stays as it is; `permissions`, `ip_whitelist` and `realm_ids` are replaced whole. */
export const UpdateAuthTokenBody = lazy(() =>
  z.strictObject({
    alias: TokenAlias().optional(),
    public_key: TokenPublicKey().nullish(),
    public_storage: PublicStorage().nullish(),
    ip_whitelist: IpWhitelist().optional(),
    permissions: TokenPermissions().optional(),
    realm_ids: RealmIds().optional(),
    allow_no_realm: z.boolean().optional(),
    vault_access: z.boolean().optional(),
    event_access: z.boolean().optional(),
    expires_at: TokenExpiry(),
    is_enabled: z.boolean().optional(),
    otp_code: OtpCode(),
  }),
);

/** `alias` absent: the source's with ` copy`; `expires_at` absent: the source's if it is still to come. */
export const CopyAuthTokenBody = lazy(() =>
  z.strictObject({ alias: TokenAlias().nullish(), expires_at: TokenExpiry(), otp_code: OtpCode() }),
);

/** The realm that a token gains or loses. */
export const TokenRealmBody = lazy(() => z.strictObject({ realm_id: ObjectId(), otp_code: OtpCode() }));

/** What a token publishes of itself; null withdraws it. */
export const UpdatePublicProfileBody = lazy(() =>
  z
    .strictObject({ public_key: TokenPublicKey().nullish(), public_storage: PublicStorage().nullish() })
    .refine((body) => body.public_key !== undefined || body.public_storage !== undefined, {
      error: 'needs public_key or public_storage',
    }),
);

export const PublicProfileParams = lazy(() => z.strictObject({ public_key: TokenPublicKey() }));

/** A public profile as anyone with an account sees it. */
export const PublicProfile = lazy(() =>
  z.object({ public_key: TokenPublicKey(), public_storage: FreeObject().nullable() }),
);

/** A token as it is shown after its creation: everything but the secret. */
export const AuthToken = lazy(() =>
  z.object({
    id: ObjectId(),
    alias: z.string(),
    prefix: z.string(),
    public_key: TokenPublicKey().nullable(),
    public_storage: FreeObject().nullable(),
    ip_whitelist: z.array(z.string()),
    realm_ids: RealmIds(),
    allow_no_realm: z.boolean(),
    permissions: TokenPermissions(),
    expires_at: Timestamp().nullable(),
    is_enabled: z.boolean(),
    vault_access: z.boolean(),
    event_access: z.boolean(),
    created_by_token_id: ObjectId().nullable(),
    delegation_depth: Count(),
    last_used_at: Timestamp().nullable(),
    last_used_ip: z.string().nullable(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
  }),
);

/** The one answer that holds the secret, in `token`. */
export const AuthTokenWithSecret = lazy(() => AuthToken().extend({ token: z.string() }));

export const AuthTokenListData = lazy(() => z.array(AuthToken()));

/** Beside the list: whether tokens were left out of it. */
export const authTokenListExtra = lazy(() => ({ truncated: z.boolean() }));

/** What the calling token is, and on which realms it may be used. */
export const AuthTokenIntrospection = lazy(() =>
  z.object({
    token: AuthToken(),
    restrictions: z.object({
      has_realm_restrictions: z.boolean(),
      requires_realm_scope: z.boolean(),
      allowed_realm_ids: z.array(z.string()),
      allow_no_realm: z.boolean(),
      active_realm_id: z.string().nullable(),
    }),
  }),
);

export const PermissionTemplateListData = lazy(() =>
  z.array(z.object({ name: z.string(), description: z.string(), permissions: TokenPermissions() })),
);
