import { randomBelow, type RandomBytes } from './random.ts';

const CODES = 10;
const CODE_LENGTH = 10;
/** No 0, 1, i, l or o: codes are read from paper. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';

/** Ten new backup codes of ten characters (49 bits each). */
export function newBackupCodes(random: RandomBytes): string[] {
  return Array.from({ length: CODES }, () =>
    Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomBelow(random, ALPHABET.length)]).join(''),
  );
}

/** A backup code as a person may type it (capitals, blanks, hyphens) in its one form; null when it is none. */
export function readBackupCode(text: string): string | null {
  const code = text.toLowerCase().replace(/[\s-]/g, '');
  return code.length === CODE_LENGTH && [...code].every((letter) => ALPHABET.includes(letter)) ? code : null;
}
