import { createHash, timingSafeEqual } from 'node:crypto';
import { newObjectId, randomHex, type RandomBytes } from './random.ts';

/** What every auth token starts with; tells it from a JWT. */
export const TOKEN_PREFIX = 'hdy_';

const TOKEN_PATTERN = /^hdy_([0-9a-f]{24})_[0-9a-f]{48}$/;

/** SHA-256 in lower-case hex; how one-time secrets and tokens are kept. Not for passwords. */
export function hashSecret(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Compares two texts of one fixed form (hashes) in constant time; differing lengths are unequal. */
export function equalSecrets(left: string, right: string): boolean {
  const a = Buffer.from(left, 'utf8');
  const b = Buffer.from(right, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A fresh auth token: `text` goes to the client once, `hash` and `id` are kept. */
export interface NewAuthToken {
  readonly id: string;
  readonly text: string;
  readonly hash: string;
}

/**
 * Makes a token: `hdy_` + its row id (24 hex) + `_` + 192 random bits (48 hex). The id inside the text
 * makes the look-up one read by primary key; only the hash of the whole text proves it.
 *
 * @param options `id`: the row id (24 hex) if it is fixed already
 */
export function newAuthToken(options: { readonly random: RandomBytes; readonly id?: string }): NewAuthToken {
  const id = options.id ?? newObjectId(options.random);
  const text = `${TOKEN_PREFIX}${id}_${randomHex(options.random, 24)}`;
  return { id, text, hash: hashSecret(text) };
}

/** The row id inside a token's text, or null when the text has not the form of a token. */
export function tokenIdOf(text: string): string | null {
  return TOKEN_PATTERN.exec(text)?.[1] ?? null;
}

/** A one-time secret for a mail: 64 hex digits, and its hash to keep. */
export function newMailToken(random: RandomBytes): { readonly text: string; readonly hash: string } {
  const text = randomHex(random, 32);
  return { text, hash: hashSecret(text) };
}
