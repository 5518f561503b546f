import { scrypt, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from './random.ts';

/** scrypt (RFC 7914): N = 2^14, r = 8, p = 1: 16 MiB and about 50 ms a hash. */
const CURRENT = { cost: 16384, blockSize: 8, parallelization: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Stored parameters above this are refused, so that a bad row can't take the worker's memory. */
const MEMORY_BYTES_MAX = 128 * 1024 * 1024;

interface StoredHash {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

const STORED_PATTERN = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([0-9a-f]{16,128})\$([0-9a-f]{32,128})$/;

function parseStored(stored: string): StoredHash | null {
  const match = STORED_PATTERN.exec(stored);
  if (match === null) return null;
  const [, cost, blockSize, parallelization, salt = '', hash = ''] = match;
  const parsed = {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelization: Number(parallelization),
    salt: Buffer.from(salt, 'hex'),
    hash: Buffer.from(hash, 'hex'),
  };
  const isPowerOfTwo = parsed.cost > 1 && (parsed.cost & (parsed.cost - 1)) === 0;
  const fits = 128 * parsed.cost * parsed.blockSize <= MEMORY_BYTES_MAX;
  return isPowerOfTwo && fits && parsed.blockSize > 0 && parsed.parallelization > 0 ? parsed : null;
}

type Parameters = Pick<StoredHash, 'cost' | 'blockSize' | 'parallelization'>;

function derive(password: string, salt: Uint8Array, length: number, parameters: Parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on another keyboard may arrive in another composition (NIST SP 800-63B).
    const text = password.normalize('NFKC');
    const options = { ...parameters, maxmem: 2 * MEMORY_BYTES_MAX };
    scrypt(text, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/**
 * Hashes a password for storing: `scrypt$N$r$p$salt$hash`, salt and hash in hex, parameters beside the hash
 * so that they can be raised later without losing anyone.
 */
export async function hashPassword(password: string, random: RandomBytes): Promise<string> {
  const salt = random(SALT_BYTES);
  const key = await derive(password, salt, HASH_BYTES, CURRENT);
  const { cost, blockSize, parallelization } = CURRENT;
  return `scrypt$${cost}$${blockSize}$${parallelization}$${Buffer.from(salt).toString('hex')}$${key.toString('hex')}`;
}

/** A hash that no password is known for; costs what a real one costs. */
const DUMMY_HASH = `scrypt$${CURRENT.cost}$${CURRENT.blockSize}$${CURRENT.parallelization}$${'5a'.repeat(SALT_BYTES)}$${'00'.repeat(HASH_BYTES)}`;

/**
 * Whether `password` belongs to `stored`. With `stored` null (no such user) or unreadable it does the same
 * work and answers false, so that the time taken does not tell whether an account exists.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const parsed = stored === null ? null : parseStored(stored);
  const target = parsed ?? parseStored(DUMMY_HASH);
  if (target === null) return false;
  const key = await derive(password, target.salt, target.hash.length, target);
  return timingSafeEqual(key, target.hash) && parsed !== null;
}

/** Whether a stored hash has other parameters than new ones get; renew it at the next successful login. */
export function needsRehash(stored: string): boolean {
  const parsed = parseStored(stored);
  return (
    parsed === null ||
    parsed.cost !== CURRENT.cost ||
    parsed.blockSize !== CURRENT.blockSize ||
    parsed.parallelization !== CURRENT.parallelization ||
    parsed.hash.length !== HASH_BYTES
  );
}
