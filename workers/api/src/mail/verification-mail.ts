import type { Mail } from './mail.ts';

/** How long a verification mail works. */
export const VERIFICATION_LIFETIME_MS = 24 * 3_600_000;

/**
 * The mail that confirms an address. Its link is built from the configured domain, never from the request:
 * a forged Host header must not lead a reader elsewhere.
 *
 * @param now Unix milliseconds
 */
export function verificationMail(to: string, token: string, apiDomain: string, now: number): Mail {
  const scheme = apiDomain === 'localhost' || apiDomain.endsWith('.localhost') ? 'http' : 'https';
  const url = `${scheme}://${apiDomain}/verify-email?token=${token}`;
  const text = [
    'Somebody, probably you, signed up with this e-mail address.',
    '',
    `Confirm it within 24 hours: ${url}`,
    '',
    `or send this token to POST /api/v1/auth/verify-email: ${token}`,
    '',
    'If it was not you, do nothing: without this confirmation the account stays closed.',
  ].join('\n');
  return {
    to,
    subject: 'Confirm your e-mail address',
    kind: 'verify_email',
    token,
    url,
    text,
    at: new Date(now).toISOString(),
  };
}
