/**
 * Amounts are whole micro-dollars (1 USD = 1,000,000) in plain numbers: exact up to 9 billion dollars, and
 * every amount is bounded far below that. General accounts hold whole cents, AI credit any micro-dollar.
 */
export const MICROS_PER_CENT = 10_000;
export const MICROS_PER_USD = 1_000_000;

/** No posting moves more than a billion dollars. */
export const POSTING_MICROS_MAX = 1_000_000_000 * MICROS_PER_USD;

/**
 * Cents as micro-dollars.
 *
 * @throws Error when `cents` is not a whole number
 */
export function microsOfCents(cents: number): number {
  if (!Number.isSafeInteger(cents)) throw new Error(`${cents} is no whole number of cents`);
  return cents * MICROS_PER_CENT;
}

/**
 * Micro-dollars as cents.
 *
 * @throws Error when they are no whole cents: money is never rounded in passing
 */
export function centsOfMicros(micros: number): number {
  if (!Number.isSafeInteger(micros) || micros % MICROS_PER_CENT !== 0) {
    throw new Error(`${micros} micro-dollars are no whole cents`);
  }
  // Never minus zero.
  return micros / MICROS_PER_CENT + 0;
}

/** Dollars as a number, for the fields of the contract that are numbers. Exact for whole cents as printed. */
export function usdOfMicros(micros: number): number {
  return micros / MICROS_PER_USD;
}

/** A decimal string of dollars: two places, more (up to six) only where there are fractions of a cent. */
export function formatUsd(micros: number): string {
  if (!Number.isSafeInteger(micros)) throw new Error(`${micros} is no whole number of micro-dollars`);
  const absolute = Math.abs(micros);
  const whole = Math.floor(absolute / MICROS_PER_USD);
  const fraction = String(absolute % MICROS_PER_USD).padStart(6, '0');
  const places = fraction.replace(/0+$/, '').padEnd(2, '0');
  return `${micros < 0 ? '-' : ''}${whole}.${places}`;
}
