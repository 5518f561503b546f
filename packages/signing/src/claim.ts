/**
 * Identity and container claims: `payload_b64` is the base64url of a JSON object and the signature is
 * Ed25519 over the UTF-8 bytes of that base64url text itself, so that a verifier needs no canonical JSON.
 */
import { fromBase64Url, toBase64Url, utf8 } from './encoding.ts';
import { signEd25519, verifyEd25519, type SigningKeys, type VerificationKey } from './keys.ts';
import { accepted, refused, type Outcome } from './outcome.ts';

const PAYLOAD_B64_LENGTH_MAX = 8192;
const CLOCK_SKEW_SECONDS_MAX = 300;

/** What a claim says; `iat` and `exp` are Unix seconds. Container claims add containerId and projectId. */
export interface ClaimPayload {
  readonly claim_type: string;
  readonly iss: string;
  readonly sub: string;
  readonly username: string;
  readonly type: string;
  readonly iat: number;
  readonly exp: number;
  readonly kid: string;
  readonly [key: string]: unknown;
}

/** A claim as it goes over the wire; `signature_hex` is 128 lower-case hex digits. */
export interface SignedClaim {
  readonly kid: string;
  readonly payload_b64: string;
  readonly signature_hex: string;
}

export type ClaimError = 'malformed_claim' | 'unknown_key' | 'bad_signature' | 'expired' | 'not_yet_valid';

/** A claim without the key's id, which signing adds. */
export interface UnsignedClaim {
  readonly claim_type: string;
  readonly iss: string;
  readonly sub: string;
  readonly username: string;
  readonly type: string;
  readonly iat: number;
  readonly exp: number;
  readonly [key: string]: unknown;
}

/** Signs a claim with the active key. */
export async function signClaim(keys: SigningKeys, claim: UnsignedClaim): Promise<SignedClaim> {
  const payload = toBase64Url(utf8(JSON.stringify({ ...claim, kid: keys.activeKid })));
  return {
    kid: keys.activeKid,
    payload_b64: payload,
    signature_hex: await signEd25519(keys.privateKey, utf8(payload)),
  };
}

function isPayload(value: unknown): value is ClaimPayload {
  if (typeof value !== 'object' || value === null) return false;
  const record: Record<string, unknown> = { ...value };
  const texts = ['claim_type', 'iss', 'sub', 'username', 'type', 'kid'];
  return (
    texts.every((name) => typeof record[name] === 'string') &&
    Number.isSafeInteger(record['iat']) &&
    Number.isSafeInteger(record['exp'])
  );
}

function decodePayload(text: string): unknown {
  const bytes = fromBase64Url(text);
  if (bytes === null) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * Verifies signature and times of a claim. What the claim is *for* (claim_type, audience, ids) is the
 * caller's to compare. The signature is checked before a byte of the payload is believed.
 *
 * @param nowSeconds Unix seconds
 */
export async function verifyClaim(
  keys: readonly VerificationKey[],
  claim: SignedClaim,
  nowSeconds: number,
): Promise<Outcome<ClaimPayload, ClaimError>> {
  if (claim.payload_b64.length > PAYLOAD_B64_LENGTH_MAX) return refused('malformed_claim');
  const key = keys.find((candidate) => candidate.kid === claim.kid);
  if (key === undefined) return refused('unknown_key');
  const genuine = await verifyEd25519(key.publicHex, claim.signature_hex, utf8(claim.payload_b64));
  if (!genuine) return refused('bad_signature');
  const payload = decodePayload(claim.payload_b64);
  if (!isPayload(payload) || payload.kid !== claim.kid) return refused('malformed_claim');
  if (payload.exp <= nowSeconds) return refused('expired');
  if (payload.iat > nowSeconds + CLOCK_SKEW_SECONDS_MAX) return refused('not_yet_valid');
  return accepted(payload);
}
