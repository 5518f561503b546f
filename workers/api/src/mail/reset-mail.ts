import type { Mail } from './mail.ts';

/** How long a password-reset mail works. */
export const RESET_LIFETIME_MS = 3_600_000;

/**
 * The mail with which a forgotten password is replaced. Its link is built from the configured domain, never
 * from the request.
 *
 * @param now Unix milliseconds
 */
export function resetMail(to: string, token: string, apiDomain: string, now: number): Mail {
  const scheme = apiDomain === 'localhost' || apiDomain.endsWith('.localhost') ? 'http' : 'https';
  const url = `${scheme}://${apiDomain}/reset-password?token=${token}`;
  const text = [
    'Somebody, probably you, asked for a new password for the account of this e-mail address.',
    '',
    `Set one within an hour: ${url}`,
    '',
    `or send this token with it to POST /api/v1/auth/reset-password: ${token}`,
    '',
    'If it was not you, do nothing: your password stays as it is.',
  ].join('\n');
  return {
    to,
    subject: 'Set a new password',
    kind: 'reset_password',
    token,
    url,
    text,
    at: new Date(now).toISOString(),
  };
}
