/**
 * What a term costs, and whether the buyer has agreed to pay that much. Nothing is charged beyond a ceiling
 * that the buyer named: `max_charge_cents`, or the renewal price that was frozen when they rented. Pure.
 */
import { type PriceTable, readPriceTable } from './prices.ts';

/** In cents. */
export interface Charge {
  readonly rentalCents: number;
  readonly setupFeeCents: number;
  readonly totalCents: number;
}

export type QuoteRefusal =
  | { readonly code: 'NO_PRICING' | 'PRICING_INVALID' }
  | { readonly code: 'INVALID_DURATION'; readonly availableDays: readonly number[] }
  | {
      readonly code: 'CHARGE_CONFIRMATION_REQUIRED' | 'SETUP_FEE_CONFIRMATION_REQUIRED';
      readonly charge: Charge;
    }
  | { readonly code: 'CHARGE_EXCEEDS_MAX'; readonly charge: Charge; readonly maxChargeCents: number };

export type Quote =
  { readonly ok: true; readonly charge: Charge } | { readonly ok: false; readonly refusal: QuoteRefusal };

const refused = (refusal: QuoteRefusal): Quote => ({ ok: false, refusal });

/** Whether a charge may be made under the buyer's ceiling; what costs nothing needs none. */
function underCeiling(charge: Charge, maxChargeCents: number | undefined): Quote {
  if (maxChargeCents === undefined) {
    if (charge.totalCents === 0) return { ok: true, charge };
    const code =
      charge.setupFeeCents > 0 ? 'SETUP_FEE_CONFIRMATION_REQUIRED' : 'CHARGE_CONFIRMATION_REQUIRED';
    return refused({ code, charge });
  }
  if (charge.totalCents > maxChargeCents) {
    return refused({ code: 'CHARGE_EXCEEDS_MAX', charge, maxChargeCents });
  }
  return { ok: true, charge };
}

function chargeOf(rentalCents: number, setupFeeCents: number): Charge {
  return { rentalCents, setupFeeCents, totalCents: rentalCents + setupFeeCents };
}

/**
 * A first term. `days` must be a priced tier; any total above zero needs a ceiling.
 *
 * @param prices the stored table, days to cents
 */
export function quoteRent(terms: {
  readonly prices: unknown;
  readonly setupFeeCents: number;
  readonly days: number;
  readonly maxChargeCents: number | undefined;
}): Quote {
  const table = readPriceTable(terms.prices);
  if (table === 'none') return refused({ code: 'NO_PRICING' });
  if (table === 'invalid' || !Number.isSafeInteger(terms.setupFeeCents) || terms.setupFeeCents < 0) {
    return refused({ code: 'PRICING_INVALID' });
  }
  const cents = table.get(terms.days);
  if (cents === undefined) {
    return refused({ code: 'INVALID_DURATION', availableDays: [...table.keys()] });
  }
  return underCeiling(chargeOf(cents, terms.setupFeeCents), terms.maxChargeCents);
}

/**
 * A further term. A frozen renewal price is a ceiling by itself: the price now, if it is lower, is what is
 * paid, and no `max_charge_cents` is needed. Without one the ceiling is. There is no setup fee.
 *
 * @param current the prices now; unreadable or missing ones leave the frozen ones alone in force
 * @param frozen the prices that were frozen when the server was rented, or null
 */
export function quoteExtension(terms: {
  readonly current: unknown;
  readonly frozen: unknown;
  readonly days: number;
  readonly maxChargeCents: number | undefined;
}): Quote {
  const current = tableOrEmpty(terms.current);
  const frozen = tableOrEmpty(terms.frozen);
  const priceNow = current.get(terms.days);
  const ceiling = frozen.get(terms.days);
  if (priceNow === undefined && ceiling === undefined) {
    const days = [...new Set([...frozen.keys(), ...current.keys()])].toSorted((left, right) => left - right);
    return refused({ code: 'INVALID_DURATION', availableDays: days });
  }
  const charge = chargeOf(Math.min(priceNow ?? Infinity, ceiling ?? Infinity), 0);
  if (ceiling !== undefined && terms.maxChargeCents === undefined) return { ok: true, charge };
  return underCeiling(charge, terms.maxChargeCents);
}

function tableOrEmpty(stored: unknown): PriceTable {
  const table = readPriceTable(stored);
  return typeof table === 'string' ? new Map() : table;
}

/** A rule by days as offers have them (`{"30": 7}`): the entry of the longest term that `days` reaches, else `usual`. */
export function ruleFor(rules: unknown, days: number, usual: number): number {
  const table = readPriceTable(rules);
  if (typeof table === 'string') return usual;
  let found = usual;
  for (const [from, value] of table) if (from <= days) found = value;
  return found;
}
