/** Why a text is no amount that can be taken. Each is an error code of the API. */
export type AmountRefusal =
  | 'AMOUNT_INVALID'
  | 'AMOUNT_SIGNED'
  | 'AMOUNT_EXPONENT'
  | 'AMOUNT_TOO_PRECISE'
  | 'AMOUNT_NON_ASCII'
  | 'AMOUNT_CURRENCY_UNSUPPORTED'
  | 'AMOUNT_TOO_SMALL'
  | 'AMOUNT_TOO_LARGE';

export interface AmountLimits {
  readonly minCents: number;
  readonly maxCents: number;
}

export type ParsedAmount =
  { readonly ok: true; readonly cents: number } | { readonly ok: false; readonly refusal: AmountRefusal };

/** Sixteen digits are beyond any limit and would no longer be exact. */
const WHOLE_DIGITS_MAX = 12;
const AMOUNT = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const CURRENCY = /^(?:[A-Za-z]{3}\s*[0-9].*|[0-9].*[A-Za-z]{3}|\p{Sc}.*|.*\p{Sc})$/u;

const refused = (refusal: AmountRefusal): ParsedAmount => ({ ok: false, refusal });

/**
 * Reads dollars as clients send them: ASCII digits without leading zeros and at most two decimals. No sign,
 * no exponent, no separators, no spaces; the currency is always USD and is not written.
 *
 * @returns cents, or which rule the text breaks
 */
export function parseUsdAmount(text: string, { minCents, maxCents }: AmountLimits): ParsedAmount {
  const match = AMOUNT.exec(text);
  if (match === null) return refused(faultOf(text));
  const [, whole = '', decimals = ''] = match;
  if (decimals.length > 2) return refused('AMOUNT_TOO_PRECISE');
  if (whole.length > WHOLE_DIGITS_MAX) return refused('AMOUNT_TOO_LARGE');
  const cents = Number(whole) * 100 + Number(decimals.padEnd(2, '0'));
  if (cents > maxCents) return refused('AMOUNT_TOO_LARGE');
  if (cents < minCents) return refused('AMOUNT_TOO_SMALL');
  return { ok: true, cents };
}

function faultOf(text: string): AmountRefusal {
  if (CURRENCY.test(text)) return 'AMOUNT_CURRENCY_UNSUPPORTED';
  // Digits of other scripts look like numbers to people and to some parsers.
  if (/\P{ASCII}/u.test(text)) return 'AMOUNT_NON_ASCII';
  if (/^[0-9.]+[eE][+-]?[0-9]+$/.test(text)) return 'AMOUNT_EXPONENT';
  if (/^[+-]/.test(text)) return 'AMOUNT_SIGNED';
  return 'AMOUNT_INVALID';
}
