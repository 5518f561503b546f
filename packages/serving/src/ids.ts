import { randomHex as randomHexBytes, secureRandom } from '@control-plane/auth';

/** `digits` random lower-case hex digits (an even number of them). */
export function randomHex(digits: number): string {
  return randomHexBytes(secureRandom, digits / 2);
}

/** A fresh id of a stored resource: 24 hex digits. */
export function randomObjectId(): string {
  return randomHex(24);
}
