import { randomBelow, type RandomBytes } from './random.ts';

/** No vowels, so that no words appear; nothing that looks like something else (RFC 8628 section 6.1). */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;
const PATTERN = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);

function withDash(letters: string): string {
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}

/** A code that a person types from one screen into another: `XXXX-XXXX`, 34 random bits. */
export function newUserCode(random: RandomBytes): string {
  let letters = '';
  while (letters.length < LENGTH) letters += ALPHABET.charAt(randomBelow(random, ALPHABET.length));
  return withDash(letters);
}

/** A code as somebody typed it (any case, with or without dashes and spaces) in its one form; null: none. */
export function normalizeUserCode(typed: string): string | null {
  const letters = typed.toUpperCase().replace(/[\s\p{Pd}]/gu, '');
  return PATTERN.test(letters) ? withDash(letters) : null;
}
