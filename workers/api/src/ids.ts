import { randomHex as randomHexBytes, secureRandom } from '@control-plane/auth';

/** `digits` random lower-case hex digits (an even number of them). */
export function randomHex(digits: number): string {
  return randomHexBytes(secureRandom, digits / 2);
}

/** A fresh id of a stored resource: 24 hex digits. */
export function randomObjectId(): string {
  return randomHex(24);
}

/**
 * An operation's id: its container's id and 8 more hex digits, so that `GET /operations/{id}` finds the
 * container without a table of its own.
 */
export function operationIdOf(containerId: string, suffix: string): string {
  return containerId + suffix.slice(0, 8);
}
