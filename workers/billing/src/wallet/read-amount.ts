import { fail, ok, type Result } from '@control-plane/contract/errors';
import {
  formatUsd,
  microsOfCents,
  parseUsdAmount,
  type AmountLimits,
  type AmountRefusal,
} from '@control-plane/ledger';

const MESSAGES: Readonly<Record<Exclude<AmountRefusal, 'AMOUNT_TOO_SMALL' | 'AMOUNT_TOO_LARGE'>, string>> = {
  AMOUNT_INVALID: 'The amount must be a decimal number of dollars, for example 12.50',
  AMOUNT_SIGNED: 'The amount must have no sign',
  AMOUNT_EXPONENT: 'The amount must be written without an exponent',
  AMOUNT_TOO_PRECISE: 'The amount must have at most two decimals',
  AMOUNT_NON_ASCII: 'The amount must be written with the digits 0 to 9',
  AMOUNT_CURRENCY_UNSUPPORTED: 'Amounts are US dollars and carry no currency',
};

/** The amount of a request in cents, or the refusal that names what is wrong with it. */
export function readAmount(text: string, limits: AmountLimits): Result<number> {
  const parsed = parseUsdAmount(text, limits);
  if (parsed.ok) return ok(parsed.cents);
  const data = { field: 'amount', min: usd(limits.minCents), max: usd(limits.maxCents) };
  switch (parsed.refusal) {
    case 'AMOUNT_TOO_SMALL':
      return fail(parsed.refusal, `The amount must be at least ${data.min} dollars`, { data });
    case 'AMOUNT_TOO_LARGE':
      return fail(parsed.refusal, `The amount must be at most ${data.max} dollars`, { data });
    default:
      return fail(parsed.refusal, MESSAGES[parsed.refusal], { data });
  }
}

function usd(cents: number): string {
  return formatUsd(microsOfCents(cents));
}
