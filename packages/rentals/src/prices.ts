/** Price tables: for how many days something can be had, and for how many cents. Pure. */

export const TERM_DAYS_MAX = 3650;
const PRICE_CENTS_MAX = 100_000_000;
const TIERS_MAX = 100;

/** Days to cents, ascending by days; never empty. */
export type PriceTable = ReadonlyMap<number, number>;

/**
 * Reads a table as it is stored: an object of days (1 to 3650) to whole cents.
 *
 * @returns `none` for a missing or empty one, `invalid` for one that makes no sense
 */
export function readPriceTable(stored: unknown): PriceTable | 'none' | 'invalid' {
  if (stored === null || stored === undefined) return 'none';
  if (typeof stored !== 'object' || Array.isArray(stored)) return 'invalid';
  const entries = Object.entries(stored);
  if (entries.length === 0) return 'none';
  if (entries.length > TIERS_MAX) return 'invalid';
  const tiers: [number, number][] = [];
  for (const [days, cents] of entries) {
    if (!/^[1-9]\d{0,3}$/.test(days) || Number(days) > TERM_DAYS_MAX) return 'invalid';
    if (typeof cents !== 'number' || !Number.isSafeInteger(cents)) return 'invalid';
    if (cents < 0 || cents > PRICE_CENTS_MAX) return 'invalid';
    tiers.push([Number(days), cents]);
  }
  return new Map(tiers.toSorted(([left], [right]) => left - right));
}

/** A table as it is stored and answered: `{"30": 1500}`. */
export function writePriceTable(table: PriceTable): Record<string, number> {
  return Object.fromEntries([...table].map(([days, cents]) => [String(days), cents]));
}

/** Cents as dollars with two decimals, for example `12.50`. */
export function dollarsOf(cents: number): string {
  return `${Math.trunc(cents / 100)}.${String(Math.abs(cents % 100)).padStart(2, '0')}`;
}

/** The lowest price of a day among all tiers, in cents; fractions allowed. */
export function centsPerDay(table: PriceTable): number {
  return Math.min(...[...table].map(([days, cents]) => cents / days));
}
