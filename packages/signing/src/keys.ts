import { fromBase64Url, fromHex, toHex } from './encoding.ts';
import { accepted, refused, type Outcome } from './outcome.ts';

const PUBLIC_KEY_BYTES = 32;
const KID_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;
const KEYS_MAX = 16;

/** The public half of a key, as verifiers hold it. `publicHex`: 64 lower-case hex digits. */
export interface VerificationKey {
  readonly kid: string;
  readonly publicHex: string;
}

/** A parsed key set: one key signs, all of them verify (older ones stay for the length of a rotation). */
export interface SigningKeys {
  readonly activeKid: string;
  readonly privateKey: CryptoKey;
  readonly keys: readonly VerificationKey[];
}

/** A new key in the form that the `SIGNING_KEYS` text holds. */
export interface GeneratedSigningKey {
  readonly kid: string;
  readonly private_jwk: Ed25519PrivateJwk;
  readonly public_hex: string;
}

/** Private Ed25519 key as a JWK (RFC 8037). */
export interface Ed25519PrivateJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPrivateJwk(value: unknown): value is Ed25519PrivateJwk & Record<string, unknown> {
  return (
    isRecord(value) &&
    value['kty'] === 'OKP' &&
    value['crv'] === 'Ed25519' &&
    typeof value['x'] === 'string' &&
    typeof value['d'] === 'string'
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface ParsedKey extends VerificationKey {
  readonly privateJwk: Ed25519PrivateJwk | null;
}

/** One entry of the list, or the reason (never the key text) why it is none. */
function parseKey(entry: unknown, position: number): Outcome<ParsedKey, string> {
  const where = `keys[${position}]`;
  if (!isRecord(entry)) return refused(`${where} is not an object`);
  const kid = entry['kid'];
  const publicHex = entry['public_hex'];
  if (typeof kid !== 'string' || !KID_PATTERN.test(kid)) return refused(`${where}.kid is malformed`);
  if (typeof publicHex !== 'string' || fromHex(publicHex)?.length !== PUBLIC_KEY_BYTES) {
    return refused(`${where}.public_hex is not 64 lower-case hex digits`);
  }
  const jwk = entry['private_jwk'];
  if (jwk === undefined) return accepted({ kid, publicHex, privateJwk: null });
  if (!isPrivateJwk(jwk)) return refused(`${where}.private_jwk is not a private Ed25519 JWK`);
  const { kty, crv, x, d } = jwk;
  const publicBytes = fromBase64Url(x);
  if (publicBytes === null || toHex(publicBytes) !== publicHex) {
    return refused(`${where}.public_hex does not belong to its private_jwk`);
  }
  return accepted({ kid, publicHex, privateJwk: { kty, crv, x, d } });
}

/**
 * Reads the `SIGNING_KEYS` text: `{"active_kid", "keys": [{"kid", "private_jwk"?, "public_hex"}]}`.
 * The error names what is wrong and never quotes a key.
 */
export async function parseSigningKeys(text: string): Promise<Outcome<SigningKeys, string>> {
  const document = parseJson(text);
  if (!isRecord(document)) return refused('the key set is not a JSON object');
  const { active_kid: activeKid, keys: entries } = document;
  if (typeof activeKid !== 'string') return refused('active_kid is missing');
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > KEYS_MAX) {
    return refused(`keys is not a list of 1 to ${KEYS_MAX} entries`);
  }
  const keys: ParsedKey[] = [];
  for (const [position, entry] of entries.entries()) {
    const parsed = parseKey(entry, position);
    if (!parsed.ok) return parsed;
    if (keys.some((key) => key.kid === parsed.value.kid)) return refused(`keys[${position}].kid is repeated`);
    keys.push(parsed.value);
  }
  const active = keys.find((key) => key.kid === activeKid);
  if (active === undefined) return refused('active_kid names no key of the list');
  if (active.privateJwk === null) return refused('the active key has no private half');
  try {
    const privateKey = await crypto.subtle.importKey('jwk', active.privateJwk, 'Ed25519', false, ['sign']);
    return accepted({
      activeKid,
      privateKey,
      keys: keys.map(({ kid, publicHex }) => ({ kid, publicHex })),
    });
  } catch {
    return refused('the private half of the active key is no valid Ed25519 key');
  }
}

/**
 * Verifies a signature; false for anything malformed as well.
 *
 * @param publicHex raw Ed25519 key, 64 lower-case hex digits
 * @param signatureHex 128 lower-case hex digits
 */
export async function verifyEd25519(
  publicHex: string,
  signatureHex: string,
  data: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const publicBytes = fromHex(publicHex);
  const signature = fromHex(signatureHex);
  if (publicBytes?.length !== PUBLIC_KEY_BYTES || signature?.length !== 64) return false;
  try {
    const key = await crypto.subtle.importKey('raw', publicBytes, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, data);
  } catch {
    return false;
  }
}

/** Signs with the active key; 128 lower-case hex digits. */
export async function signEd25519(privateKey: CryptoKey, data: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, data)));
}

/** Makes a key; its id is the first 16 hex digits of the public half's SHA-256. */
export async function generateSigningKey(): Promise<GeneratedSigningKey> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('Ed25519 key generation gave no key pair');
  const jwk: unknown = await crypto.subtle.exportKey('jwk', pair.privateKey);
  if (!isPrivateJwk(jwk)) throw new Error('Ed25519 key generation gave no private JWK');
  const { kty, crv, x, d } = jwk;
  const publicBytes = fromBase64Url(x);
  if (publicBytes === null) throw new Error('Ed25519 key generation gave a malformed public half');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', publicBytes));
  return {
    kid: toHex(digest.subarray(0, 8)),
    private_jwk: { kty, crv, x, d },
    public_hex: toHex(publicBytes),
  };
}
