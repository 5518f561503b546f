import type { ApiError } from '@control-plane/contract/errors';
import { CONNECT_HEADERS, LINK_CLOCK_SKEW_SECONDS_MAX } from '@control-plane/contract/link';
import { verifyHostConnect } from '@control-plane/signing';
import type { HostStore } from './host-store.ts';

/**
 * Checks the signed headers of a daemon's connect against the key that the host enrolled with. Each nonce
 * counts once; it is remembered for as long as the clock check would let it through.
 *
 * @returns null when the connect is genuine, else why not
 */
export async function verifyConnect(
  store: HostStore,
  headers: Headers,
  nowMs: number,
): Promise<ApiError | null> {
  const identity = store.identity();
  if (identity === null) {
    return { code: 'HOST_NOT_ENROLLED', message: 'This host is not enrolled; enrol it with a join token' };
  }
  const timestamp = headers.get(CONNECT_HEADERS.timestamp) ?? '';
  const nonce = headers.get(CONNECT_HEADERS.nonce) ?? '';
  const signature = headers.get(CONNECT_HEADERS.signature) ?? '';
  const nowSeconds = Math.floor(nowMs / 1000);
  const proof = { serverId: identity.serverId, timestamp, nonce, signature };
  const verified = await verifyHostConnect(identity.publicKey, proof, nowSeconds);
  if (verified.ok) {
    const keepMs = 2 * LINK_CLOCK_SKEW_SECONDS_MAX * 1000;
    if (store.useNonce(nonce, nowMs, keepMs)) return null;
    return { code: 'HOST_NONCE_REPLAYED', message: 'This connect was seen before' };
  }
  if (verified.error === 'HOST_CLOCK_SKEW') {
    return {
      code: 'HOST_CLOCK_SKEW',
      message: `The host's clock is off by ${Number(timestamp) - nowSeconds} s (at most ${LINK_CLOCK_SKEW_SECONDS_MAX} s); set it right`,
      data: { server_time: nowSeconds, host_time: Number(timestamp) },
    };
  }
  return { code: 'HOST_SIGNATURE_INVALID', message: 'The signature does not belong to this host' };
}
