import { connectSigningText, LINK_CLOCK_SKEW_SECONDS_MAX } from '@control-plane/contract/link';
import { utf8 } from './encoding.ts';
import { verifyEd25519 } from './keys.ts';
import { accepted, refused, type Outcome } from './outcome.ts';

/** What a host sends with its connect, see `CONNECT_HEADERS`; header values as they came. */
export interface HostConnectProof {
  readonly serverId: string;
  /** Unix seconds as decimal digits. */
  readonly timestamp: string;
  /** 32 hex digits; that it is new is the caller's to check. */
  readonly nonce: string;
  /** 128 lower-case hex digits. */
  readonly signature: string;
}

export type HostConnectError = 'HOST_SIGNATURE_INVALID' | 'HOST_CLOCK_SKEW';

/**
 * Verifies that a host holds its key. The skew is told only to the holder of the key: a wrong signature
 * is reported first.
 *
 * @param publicHex the key that the host enrolled with, 64 hex digits
 * @param nowSeconds Unix seconds
 */
export async function verifyHostConnect(
  publicHex: string,
  proof: HostConnectProof,
  nowSeconds: number,
): Promise<Outcome<{ readonly timestamp: number }, HostConnectError>> {
  if (!/^\d{1,12}$/.test(proof.timestamp) || !/^[0-9a-f]{32}$/.test(proof.nonce)) {
    return refused('HOST_SIGNATURE_INVALID');
  }
  const timestamp = Number(proof.timestamp);
  const text = connectSigningText(proof.serverId, timestamp, proof.nonce);
  if (!(await verifyEd25519(publicHex, proof.signature, utf8(text))))
    return refused('HOST_SIGNATURE_INVALID');
  if (Math.abs(nowSeconds - timestamp) > LINK_CLOCK_SKEW_SECONDS_MAX) return refused('HOST_CLOCK_SKEW');
  return accepted({ timestamp });
}
