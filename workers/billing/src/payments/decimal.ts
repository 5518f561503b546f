/** Exact arithmetic with the decimal numbers of a provider's JSON: coins have up to 18 decimals. */
const DECIMALS_MAX = 30;
const DECIMAL = /^(\d{1,30})(?:\.(\d{1,30}))?(?:e([+-]?\d{1,2}))?$/i;

/** A number that is not negative: `digits` × 10^-scale. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Reads `12.5`, `0.000000015` and `1.5e-8`; null for anything else, signs included. */
function readDecimal(value: number | string): Decimal | null {
  const match = DECIMAL.exec(String(value));
  if (match === null) return null;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  if (Math.abs(scale) > DECIMALS_MAX) return null;
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

/**
 * `price` dollars × `part` / `whole` in whole cents, rounded down: nobody is credited a cent that did not
 * come in.
 *
 * @returns null when one of them is no such number, or `whole` is zero
 */
export function proportionCents(
  price: number | string,
  part: number | string,
  whole: number | string,
): number | null {
  const [p, a, b] = [readDecimal(price), readDecimal(part), readDecimal(whole)];
  if (p === null || a === null || b === null || b.digits === 0n) return null;
  const numerator = p.digits * a.digits * 100n * 10n ** BigInt(b.scale);
  const cents = numerator / (b.digits * 10n ** BigInt(p.scale + a.scale));
  return cents <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(cents) : null;
}

/** Dollars in whole cents, rounded down; null when it is no such number. */
export function centsOfDollars(value: number | string): number | null {
  return proportionCents(value, 1, 1);
}
