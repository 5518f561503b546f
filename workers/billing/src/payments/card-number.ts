/** Fields whose very presence means that a card's secrets are being sent. */
const FORBIDDEN_NAMES = /^(?:card_?)?(?:cvc|cvv|cvv2|cvn|security_?code|pan|card_?number|pin)$/i;
const DEPTH_MAX = 20;

/**
 * Whether an object holds what must never reach us: the number of a card (13 to 19 digits with a right check
 * digit, however they are spaced) or its security code. Cards are named by the provider's token instead.
 */
export function holdsCardNumber(value: unknown, depth = 0): boolean {
  if (depth > DEPTH_MAX) return true;
  if (typeof value === 'string' || typeof value === 'number') return isCardNumber(String(value));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([name, member]) => FORBIDDEN_NAMES.test(name) || holdsCardNumber(member, depth + 1),
  );
}

function isCardNumber(text: string): boolean {
  return [...text.matchAll(/\d(?:[ -]?\d){12,18}/g)].some(([match]) => hasRightCheckDigit(match));
}

/** ISO/IEC 7812-1, annex B. */
function hasRightCheckDigit(text: string): boolean {
  const digits = Array.from(text.replace(/\D/g, ''), Number).toReversed();
  const sum = digits.reduce((total, digit, index) => {
    const weighted = index % 2 === 1 ? digit * 2 : digit;
    return total + (weighted > 9 ? weighted - 9 : weighted);
  }, 0);
  return sum % 10 === 0;
}
