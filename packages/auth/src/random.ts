/** A source of `length` unpredictable bytes; passed in so that rules stay free of randomness. */
export type RandomBytes = (length: number) => Uint8Array;

/** The platform's cryptographic source (Web Crypto, in workerd and in Node). */
export const secureRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** `bytes` random bytes as lower-case hex. */
export function randomHex(random: RandomBytes, bytes: number): string {
  return Array.from(random(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A new resource id: 24 lower-case hex digits. */
export function newObjectId(random: RandomBytes): string {
  return randomHex(random, 12);
}

/**
 * A uniform whole number in [0, `bound`), without the bias that a plain remainder has.
 *
 * @param bound 1 to 65536
 */
export function randomBelow(random: RandomBytes, bound: number): number {
  const limit = 65536 - (65536 % bound);
  for (;;) {
    const [high = 0, low = 0] = random(2);
    const value = high * 256 + low;
    if (value < limit) return value % bound;
  }
}
