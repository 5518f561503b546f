import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, Timestamp } from './scalars.ts';
import {
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN_AT_LOGIN,
  SignedClaim,
  provisioned,
} from './authentication.ts';
import { User } from './user.ts';

const CurrentPassword = lazy(() => z.string().min(PASSWORD_LENGTH_MIN_AT_LOGIN).max(PASSWORD_LENGTH_MAX));
/** Of an authenticator app. */
const AppCode = lazy(() => z.string().regex(/^\d{6}$/, 'must be 6 digits'));
/** Six digits of an app, or a backup code; a person may type blanks and hyphens into the latter. */
const AnyCode = lazy(() => z.string().min(1).max(32));

export const TwoFactorPasswordBody = lazy(() => z.strictObject({ password: CurrentPassword() }));

/** All but the codes' number is shown this once. `qr_code`: a data URL of an image. */
export const TwoFactorSetupData = lazy(() =>
  z.object({
    qr_code: z.string(),
    manual_entry_key: z.string(),
    backup_codes: z.array(z.string()),
  }),
);

export const TwoFactorConfirmBody = lazy(() => z.strictObject({ code: AppCode() }));

/** Fresh tokens, because the change ended every session; a caller without a session gets none. */
const freshSession = () => ({
  token: z.string().optional(),
  refreshToken: z.string().optional(),
  sessions_revoked: z.boolean().optional(),
});

export const TwoFactorConfirmData = lazy(() =>
  z.object({ enabled: z.boolean(), enabled_at: Timestamp(), ...freshSession() }),
);

export const TwoFactorDisableBody = lazy(() =>
  z.strictObject({ password: CurrentPassword(), code: AnyCode() }),
);
export const TwoFactorDisableData = lazy(() => z.object(freshSession()));

export const BackupCodesBody = lazy(() => z.strictObject({ password: CurrentPassword(), code: AppCode() }));
export const BackupCodesData = lazy(() => z.object({ backup_codes: z.array(z.string()) }));

export const TwoFactorStatusData = lazy(() =>
  z.object({
    enabled: z.boolean(),
    verified: z.boolean(),
    enabled_at: Timestamp().optional(),
    backup_codes_remaining: Count(),
    require_for_tokens: z.boolean(),
  }),
);

/** `temp_token` may come as the Bearer credential instead. */
export const TwoFactorVerifyBody = lazy(() =>
  z.strictObject({
    temp_token: z.string().min(1).max(4096).nullish(),
    code: AnyCode(),
    response_mode: z.enum(['intent', 'tokens']).nullish(),
    client: z.string().max(64).nullish(),
  }),
);

/** What a login answers; `status` alone when the sign-in approves a device. */
export const TwoFactorVerifyData = lazy(() =>
  z.object({
    status: z.enum(['approved']).optional(),
    token: z.string().optional(),
    refreshToken: z.string().optional(),
    expires_at: Timestamp().optional(),
    expires_in: z.number().optional(),
    refresh_expires_at: Timestamp().optional(),
    refresh_expires_in: z.number().optional(),
    auth_intent_token: z.string().optional(),
    identity_claim: SignedClaim().optional(),
    client_ip: z.string().optional(),
    recent_login_ips: z.array(z.object({ ip: z.string(), timestamp: Timestamp() })).optional(),
    auth_token_count: z.number().optional(),
    user: User().optional(),
    ...provisioned(),
  }),
);

export const TokenGateBody = lazy(() =>
  z.strictObject({
    enabled: z.boolean(),
    password: CurrentPassword().nullish(),
    otp_code: z.string().max(12).nullish(),
  }),
);
export const TokenGateData = lazy(() => z.object({ require_for_tokens: z.boolean() }));
