/**
 * Reference codes of bank transfers: the structured creditor reference of ISO 11649, `RF` with two check
 * digits, which banking software checks while it is being typed.
 */
/** Digits only: with letters the check would miss a few typing errors, with digits it misses none of one digit. */
const BODY_LENGTH = 14;

/** Each letter as its two digits (A = 10), modulo 97 as ISO 7064 has it. */
function remainderOf(text: string): number {
  let remainder = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}

/** @param random at least 14 random bytes */
export function newTransferReference(random: Uint8Array): string {
  if (random.length < BODY_LENGTH) throw new Error('too few random bytes for a reference');
  const body = Array.from(random.slice(0, BODY_LENGTH), (byte) => String(byte % 10)).join('');
  const check = 98 - remainderOf(`${body}RF00`);
  return `RF${String(check).padStart(2, '0')}${body}`;
}

/**
 * A reference as somebody typed it, in its stored form; null when its check digits are wrong. Blanks and
 * letter case do not matter.
 */
export function readTransferReference(text: string): string | null {
  const compact = text.replace(/\s/g, '').toUpperCase();
  if (!/^RF\d{2}[0-9A-Z]{1,21}$/.test(compact)) return null;
  return remainderOf(compact.slice(4) + compact.slice(0, 4)) === 1 ? compact : null;
}
