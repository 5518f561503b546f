import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { FreeObject, ObjectId, Timestamp } from './scalars.ts';
import { User } from './user.ts';

export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 128;
/** Passwords that were set under an older rule may still log in. */
export const PASSWORD_LENGTH_MIN_AT_LOGIN = 8;

const Email = lazy(() => z.email().max(255));
/** What the client calls itself; unknown words are taken and stored as `unknown`. */
const ClientChannel = lazy(() => z.string().max(64));
const ResponseMode = lazy(() => z.enum(['intent', 'tokens']));
/** PKCE (RFC 7636 section 4.2): base64url of a SHA-256, 43 characters. */
const CodeChallenge = lazy(() =>
  z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be the base64url form of a SHA-256 (43 characters)'),
);

/** Which kinds of characters a new password must hold is the signup handler's to say. */
export const SignupBody = lazy(() =>
  z.strictObject({
    email: Email(),
    password: z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX),
    region: z
      .string()
      .max(50)
      .regex(/^[a-z0-9-]+$/, 'may hold lower-case letters, digits and -')
      .nullish(),
    invite_code: z.string().min(1).max(128).nullish(),
    client: ClientChannel().nullish(),
  }),
);

export const ResendVerificationBody = lazy(() => z.strictObject({ email: Email() }));

/** Any text is taken: who asks must not learn from the answer whether it is somebody's address. */
export const ForgotPasswordBody = lazy(() => z.strictObject({ email: z.string().max(255) }));

export const ResetPasswordBody = lazy(() =>
  z.strictObject({
    token: z.string().length(64),
    password: z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX),
  }),
);

export const VerifyEmailBody = lazy(() =>
  z.strictObject({
    token: z.string().length(64),
    client: ClientChannel().nullish(),
    response_mode: ResponseMode().nullish(),
    code_challenge: CodeChallenge().nullish(),
  }),
);

/** One of `username` (case-sensitive) and `email` (not) must be there; `email` wins when both are. */
export const LoginBody = lazy(() =>
  z
    .strictObject({
      username: z
        .string()
        .min(3)
        .max(50)
        .regex(/^[a-zA-Z0-9_-]+$/, 'may hold letters, digits, - and _')
        .optional(),
      email: z.string().max(255).optional(),
      password: z.string().min(PASSWORD_LENGTH_MIN_AT_LOGIN).max(PASSWORD_LENGTH_MAX),
      response_mode: ResponseMode().nullish(),
      client: ClientChannel().nullish(),
      code_challenge: CodeChallenge().nullish(),
    })
    .refine((body) => body.username !== undefined || body.email !== undefined, {
      error: 'username or email is required',
      path: ['username'],
    })
    .meta({ anyOf: [{ required: ['username'] }, { required: ['email'] }] }),
);

export const RefreshTokenBody = lazy(() => z.strictObject({ refreshToken: z.string().min(1).max(4096) }));

export const SignupData = lazy(() => z.object({ email: z.string() }));

/** `expires_in` and `refresh_expires_in` in seconds. */
const tokenPair = () => ({
  token: z.string(),
  refreshToken: z.string(),
  expires_at: Timestamp(),
  expires_in: z.number(),
  refresh_expires_at: Timestamp(),
  refresh_expires_in: z.number(),
});

export const TokenPair = lazy(() => z.object(tokenPair()));

export const SignedClaim = lazy(() =>
  z.object({ kid: z.string(), payload_b64: z.string(), signature_hex: z.string() }),
);

/** The server, project and container that a new account was given; null: not yet, or none. */
export const provisioned = () => ({
  server: z
    .object({
      id: ObjectId(),
      name: z.string().optional(),
      country: z.string().optional(),
      region: z.string().optional(),
      city: z.string().optional(),
      datacenter: z.string().optional(),
      is_ready: z.boolean().optional(),
    })
    .nullable()
    .optional(),
  project: z.object({ id: ObjectId(), alias: z.string().optional() }).nullable().optional(),
  container: z
    .object({ id: ObjectId(), name: z.string().optional(), status: z.string().nullable().optional() })
    .nullable()
    .optional(),
});

export const LoginTokens = lazy(() =>
  z.object({
    ...tokenPair(),
    identity_claim: SignedClaim().optional(),
    client_ip: z.string(),
    recent_login_ips: z.array(z.object({ ip: z.string(), timestamp: Timestamp() })),
    auth_token_count: z.number(),
    user: User(),
    ...provisioned(),
  }),
);

const LoginTwoFactorChallenge = lazy(() =>
  z.object({ requires_2fa: z.literal(true), temp_token: z.string(), method: z.enum(['totp']) }),
);

const LoginIntent = lazy(() => z.object({ auth_intent_token: z.string(), user: User().optional() }));

/** Exactly one of: tokens, a second factor's challenge, an intent. */
export const LoginData = lazy(() => z.union([LoginTokens(), LoginTwoFactorChallenge(), LoginIntent()]));

/** As {@link LoginData}, in one shape: which of the three it is shows in the keys that are there. */
export const VerifyEmailData = lazy(() =>
  z.object({
    ...z.object(tokenPair()).partial().shape,
    auth_intent_token: z.string().optional(),
    requires_2fa: z.boolean().optional(),
    temp_token: z.string().optional(),
    method: z.enum(['totp']).optional(),
    identity_claim: FreeObject().optional(),
    client_ip: z.string().optional(),
    recent_login_ips: z.array(z.object({ ip: z.string(), timestamp: Timestamp() })).optional(),
    auth_token_count: z.number().optional(),
    user: User().optional(),
    ...provisioned(),
  }),
);

export const RegionListData = lazy(() =>
  z.object({
    regions: z.array(
      z.object({ region: z.string(), country: z.string(), city: z.string(), available: z.boolean() }),
    ),
  }),
);

/** Which ways of signing in this installation offers. */
export const SignInConfig = lazy(() =>
  z.object({
    password: z.object({ enabled: z.boolean(), signup_enabled: z.boolean() }),
    /** `authorize_url`: where a page sends the browser to, with its redirect_uri and code_challenge. */
    github: z.object({ enabled: z.boolean(), authorize_url: z.string().optional() }),
    google: z.object({ enabled: z.boolean(), authorize_url: z.string().optional() }),
    launch: z.object({ enabled: z.boolean() }),
    device: z.object({ enabled: z.boolean(), verification_uri: z.string() }),
  }),
);
