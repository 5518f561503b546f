import { createHmac, hkdfSync } from 'node:crypto';

/** 32 bytes as hex: how ENCRYPTION_KEY is written. */
const KEY_PATTERN = /^[0-9a-f]{64}$/i;
const IV_BYTES = 12;
const VERSION = 'v1';

/** Keys that protect what must be readable again (sealed) or recognised (marked), made from one secret. */
export interface VaultKey {
  readonly sealing: CryptoKey;
  readonly marking: Buffer;
}

function derive(key: Uint8Array, purpose: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), purpose, 32));
}

/**
 * Reads ENCRYPTION_KEY (64 hex digits) and derives a key for each purpose (HKDF, RFC 5869).
 *
 * @throws Error when the configuration is broken; its text is not repeated
 */
export async function parseVaultKey(text: string): Promise<VaultKey> {
  if (!KEY_PATTERN.test(text)) throw new Error('ENCRYPTION_KEY is not 64 hex digits');
  const key = Buffer.from(text, 'hex');
  const sealing = await crypto.subtle.importKey('raw', derive(key, 'seal'), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ]);
  return { sealing, marking: Buffer.from(derive(key, 'mark')) };
}

/**
 * Encrypts `text` (AES-256-GCM) for one place, for example `two-factor:USER`: moved to another row it can't
 * be opened.
 *
 * @param iv 12 fresh random bytes
 */
export async function seal(
  key: VaultKey,
  place: string,
  text: string,
  iv: Uint8Array<ArrayBuffer>,
): Promise<string> {
  if (iv.length !== IV_BYTES) throw new Error('an IV has 12 bytes');
  const algorithm = { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(place) };
  const sealed = await crypto.subtle.encrypt(algorithm, key.sealing, new TextEncoder().encode(text));
  const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  return `${VERSION}.${encode(iv)}.${encode(new Uint8Array(sealed))}`;
}

/**
 * Opens what {@link seal} made for the same place.
 *
 * @throws Error when it was made with another key, for another place, or changed
 */
export async function unseal(key: VaultKey, place: string, sealed: string): Promise<string> {
  const [version, iv = '', text = ''] = sealed.split('.');
  if (version !== VERSION) throw new Error('sealed text of an unknown version');
  const algorithm = {
    name: 'AES-GCM',
    iv: new Uint8Array(Buffer.from(iv, 'base64url')),
    additionalData: new TextEncoder().encode(place),
  };
  const data = new Uint8Array(Buffer.from(text, 'base64url'));
  try {
    return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key.sealing, data));
  } catch {
    throw new Error('sealed text does not open: it was made with another key or for another place');
  }
}

/** A keyed hash (HMAC-SHA-256, hex) by which a short secret is recognised, useless without the key. */
export function mark(key: VaultKey, place: string, text: string): string {
  return createHmac('sha256', key.marking).update(`${place}\n${text}`, 'utf8').digest('hex');
}
