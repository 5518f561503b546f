import { timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { HostKey } from '../link/host-key.ts';
import { publicKeyOf } from './certificate.ts';

/** A hello that takes longer than this is given up. */
export const handshakeTimeoutMs = 10_000;
/** A transfer on which nothing moves for this long is given up. */
export const idleTimeoutMs = 120_000;

/**
 * TLS 1.3 with the host's own key. No authority vouches for it: each side asks for the other's certificate and
 * compares its key with the one that the control plane named, before a word is said.
 */
export function tlsOptions(key: HostKey): {
  key: string;
  cert: string;
  minVersion: 'TLSv1.3';
  rejectUnauthorized: false;
} {
  return { ...key.tlsIdentity(), minVersion: 'TLSv1.3', rejectUnauthorized: false };
}

/** The key that the other side has proven to hold, 64 hex digits; undefined: none of ours. */
export function peerKeyOf(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? undefined : publicKeyOf(certificate.raw);
}

/** Whether two keys (hex) are the same, in constant time. */
export function isSameKey(left: string | undefined, right: string): boolean {
  if (left === undefined || left.length !== right.length) return false;
  return timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
