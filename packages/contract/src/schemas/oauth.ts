import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { LoginTokens, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN_AT_LOGIN } from './authentication.ts';

/** PKCE (RFC 7636 section 4.2): base64url of a SHA-256. The last of 43 characters holds only 4 bits. */
export const CODE_CHALLENGE_PATTERN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
export const DEVICE_COOKIE = '__Host-device_verify';

const Provider = lazy(() => z.enum(['github', 'google']));
const Client = lazy(() => z.string().max(64));
const CodeChallenge = lazy(() =>
  z
    .string()
    .length(43)
    .regex(CODE_CHALLENGE_PATTERN, 'must be the base64url form of a SHA-256 (43 characters)'),
);
const RedirectUri = lazy(() =>
  z
    .string()
    .min(1)
    .max(2048)
    .regex(/^https:\/\//, 'must be an https URL'),
);
/** Tickets, device codes and authorization codes. */
const Secret = lazy(() => z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'));

const start = () => ({
  redirect_uri: z.string().min(1).max(2048),
  code_challenge: CodeChallenge(),
  client: Client().optional(),
  invite_code: z.string().max(128).optional(),
});

/** `intent=star_check` is an old word of clients, read as `login`. */
export const GithubRedirectQuery = lazy(() =>
  z.strictObject({ ...start(), intent: z.enum(['login', 'star_check']).optional() }),
);
export const GoogleRedirectQuery = lazy(() => z.strictObject(start()));

/** RFC 6749 section 4.1.2; what else a provider adds (`iss`, `scope`, …) is not looked at. */
export const OauthCallbackQuery = lazy(() =>
  z.object({
    state: z.string().max(200),
    code: z.string().max(4096).optional(),
    error: z.string().max(200).optional(),
    error_description: z.string().max(4096).optional(),
    error_uri: z.string().max(4096).optional(),
  }),
);

export const LaunchInitiateBody = lazy(() =>
  z.strictObject({
    provider: Provider(),
    client: Client().nullish(),
    code_challenge: CodeChallenge(),
    state_id: z
      .string()
      .regex(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        'must be a UUID of version 4',
      ),
  }),
);
export const LaunchInitiateData = lazy(() => z.object({ launch_url: z.string() }));
export const LaunchStartQuery = lazy(() => z.strictObject({ ticket: Secret() }));

export const OauthAuthorizeBody = lazy(() =>
  z.strictObject({ code_challenge: CodeChallenge(), redirect_uri: RedirectUri() }),
);
/** `redirect_url` is `redirect_uri` with the code in its query; `expires_in` in seconds. */
export const OauthAuthorizeData = lazy(() =>
  z.object({
    code: z.string(),
    redirect_uri: z.string(),
    redirect_url: z.string(),
    expires_in: z.number(),
  }),
);

export const OauthExchangeBody = lazy(() =>
  z.strictObject({
    code: Secret(),
    code_verifier: z
      .string()
      .min(43)
      .max(128)
      .regex(/^[A-Za-z0-9_\-.~]+$/, 'may hold letters, digits, -, ., _ and ~'),
    redirect_uri: RedirectUri(),
  }),
);
export const OauthExchangeData = lazy(() => LoginTokens());

export const DeviceCodeBody = lazy(() =>
  z.strictObject({
    client_name: Client().nullish(),
    client: Client().nullish(),
    code_challenge: CodeChallenge().nullish(),
  }),
);
/** `interval` and `expires_in` in seconds. */
export const DeviceCodeData = lazy(() =>
  z.object({
    device_code: z.string(),
    user_code: z.string(),
    verification_uri: z.string(),
    verification_uri_complete: z.string(),
    interval: z.number(),
    expires_in: z.number(),
  }),
);

export const DeviceTokenBody = lazy(() =>
  z.strictObject({
    device_code: Secret(),
    code_verifier: z
      .string()
      .min(43)
      .max(128)
      .regex(/^[A-Za-z0-9_-]+$/, 'may hold letters, digits, - and _')
      .nullish(),
  }),
);

export const DeviceVerifyCodeBody = lazy(() => z.strictObject({ user_code: z.string().max(16) }));
/** The ticket that the page's next steps need beside the cookie; `expires_in` in seconds. */
export const DeviceVerifyCodeData = lazy(() =>
  z.object({
    ticket: z.string(),
    client_name: z.string().nullable(),
    client_address: z.string(),
    expires_in: z.number(),
  }),
);

export const DeviceAuthorizeQuery = lazy(() => z.strictObject({ ticket: Secret(), provider: Provider() }));

export const DeviceLoginBody = lazy(() =>
  z
    .strictObject({
      ticket: Secret(),
      username: z
        .string()
        .min(3)
        .max(50)
        .regex(/^[a-zA-Z0-9_-]+$/, 'may hold letters, digits, - and _')
        .optional(),
      email: z.string().max(255).optional(),
      password: z.string().min(PASSWORD_LENGTH_MIN_AT_LOGIN).max(PASSWORD_LENGTH_MAX),
    })
    .refine((body) => body.username !== undefined || body.email !== undefined, {
      error: 'username or email is required',
      path: ['username'],
    })
    .meta({ anyOf: [{ required: ['username'] }, { required: ['email'] }] }),
);
/** `status` once the device may go on; else the second factor's challenge. */
export const DeviceLoginData = lazy(() =>
  z.object({
    status: z.enum(['approved']).optional(),
    requires_2fa: z.boolean().optional(),
    temp_token: z.string().optional(),
    method: z.enum(['totp']).optional(),
  }),
);

export const DeviceDenyBody = lazy(() => z.strictObject({ ticket: Secret() }));
export const DeviceDenyData = lazy(() => z.object({ status: z.enum(['denied']) }));

/** `approved=1` or `error` after a sign-in at a provider; nothing of it is shown as it is. */
export const DevicePageQuery = lazy(() =>
  z.strictObject({
    user_code: z.string().max(16).optional(),
    approved: z.string().max(8).optional(),
    error: z.string().max(64).optional(),
  }),
);

/** The forms of the device page: which fields belong to a step is the page's to say. */
export const DevicePageBody = lazy(() =>
  z.strictObject({
    step: z.enum(['code', 'password', 'second_factor', 'deny']),
    user_code: z.string().max(64).optional(),
    ticket: Secret().optional(),
    login: z.string().max(255).optional(),
    password: z.string().max(1024).optional(),
    temp_token: z.string().max(4096).optional(),
    code: z.string().max(64).optional(),
  }),
);
