import { CONNECT_HEADERS, connectSigningText } from '@control-plane/contract/link';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileDurably } from '../durable-file.ts';
import { selfSignedCertificate } from '../transfer/certificate.ts';

/** The host's Ed25519 key: its only proof of who it is. */
export type HostKey = {
  /** 64 hex digits. */
  readonly publicKeyHex: string;
  /** Lower-case hex, 128 digits. */
  readonly sign: (text: string) => string;
  /** The key and a certificate of it (PEM), for connections between hosts. */
  readonly tlsIdentity: () => { readonly key: string; readonly cert: string };
};

/** Reads the key from `host-key.pem` (mode 0600) in the data directory; makes it at the first call. */
export function loadHostKey(dataDir: string): HostKey {
  const file = path.join(dataDir, 'host-key.pem');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileDurably(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
  chmodSync(file, 0o600);
  const privateKey = createPrivateKey(readFileSync(file));
  return {
    publicKeyHex: rawPublicKey(privateKey).toString('hex'),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('hex'),
    tlsIdentity: () => ({
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: selfSignedCertificate(privateKey),
    }),
  };
}

function rawPublicKey(privateKey: KeyObject): Buffer {
  // An Ed25519 SubjectPublicKeyInfo is a fixed prefix and the 32 raw bytes (RFC 8410).
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
}

/** The headers that prove the key at connect; `nowMs` is the host's clock. */
export function connectHeaders(key: HostKey, serverId: string, nowMs: number): Record<string, string> {
  const timestamp = Math.floor(nowMs / 1000);
  const nonce = randomBytes(16).toString('hex');
  return {
    [CONNECT_HEADERS.serverId]: serverId,
    [CONNECT_HEADERS.timestamp]: String(timestamp),
    [CONNECT_HEADERS.nonce]: nonce,
    [CONNECT_HEADERS.signature]: key.sign(connectSigningText(serverId, timestamp, nonce)),
  };
}
