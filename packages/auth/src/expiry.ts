import { fail, ok, type Result } from '@control-plane/contract/errors';

export const DAY_MS = 86_400_000;
/** 9999-12-31T23:59:59.999Z: beyond it ISO 8601 needs six-digit years. */
const INSTANT_MAX_MS = 253_402_300_799_999;
/** Numbers above are milliseconds, below seconds: 10^12 s is the year 33658, 10^12 ms was 2001. */
const SECONDS_MAX = 1e12;

const ISO_PATTERN =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;

function parseInstant(input: string | number, now: number): number | null {
  if (typeof input === 'number') {
    if (!Number.isFinite(input) || input < 0) return null;
    return Math.floor(input > SECONDS_MAX ? input : input * 1000);
  }
  const text = input.trim();
  if (text === 'today') return (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  if (text === 'tomorrow') return now + DAY_MS;
  if (/^\d{1,16}$/.test(text)) return parseInstant(Number(text), now);
  const match = ISO_PATTERN.exec(text);
  if (match === null) return null;
  const [, date = '', time = '00:00', zone = 'Z'] = match;
  const instant = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  // Date.parse rolls 31 February over into March: the day must survive the way back.
  const isRealDay = Number.isFinite(instant) && new Date(`${date}T00:00Z`).toISOString().startsWith(date);
  return isRealDay ? instant : null;
}

/**
 * Reads an expiry as clients write it: ISO 8601 (no zone means UTC, a bare day means its first moment),
 * Unix seconds or milliseconds (also as digits in a string), `today` (the coming midnight UTC), `tomorrow`
 * (in 24 hours), or null and undefined for never.
 *
 * @param now Unix milliseconds
 * @returns Unix milliseconds or null; INVALID_EXPIRATION_FORMAT or EXPIRATION_IN_PAST
 */
export function parseExpiry(input: string | number | null | undefined, now: number): Result<number | null> {
  if (input === null || input === undefined) return ok(null);
  const instant = parseInstant(input, now);
  if (instant === null || instant > INSTANT_MAX_MS) {
    return fail(
      'INVALID_EXPIRATION_FORMAT',
      'expires_at must be an ISO 8601 time, Unix seconds or milliseconds, "today" or "tomorrow"',
    );
  }
  if (instant <= now) return fail('EXPIRATION_IN_PAST', 'expires_at must be in the future');
  return ok(instant);
}
