import { fromHex, toBase64, toBase64Url } from './encoding.ts';
import type { SigningKeys } from './keys.ts';
import { RESPONSE_SIGNATURE_HEADER, RESPONSE_SKEW_SECONDS_MAX } from './response-signature.ts';

/** `data` of `GET /api/v1/meta/public-key`. */
export interface PublicKeyDocument {
  readonly keys: readonly {
    readonly kid: string;
    readonly algorithm: 'ed25519';
    readonly public_key_hex: string;
    readonly public_key_b64: string;
    readonly public_key_b64url: string;
  }[];
  readonly active_kid: string;
  readonly usage: readonly ('response-signing' | 'identity-claims' | 'container-claims')[];
  readonly signing_format: {
    readonly response_header: string;
    readonly response_signed_data: string;
    readonly identity_claim_signed_data: string;
    readonly container_claim_signed_data: string;
    readonly replay_tolerance_seconds: number;
  };
}

const CLAIM_SIGNED_DATA = 'the UTF-8 bytes of payload_b64 (base64url of the claim JSON)';

/** The published form of a key set: every key that verifies, several of them during a rotation. */
export function publicKeyDocument(signingKeys: SigningKeys): PublicKeyDocument {
  const keys = signingKeys.keys.map(({ kid, publicHex }) => {
    const bytes = fromHex(publicHex);
    if (bytes === null) throw new Error(`key ${kid} has a malformed public half`);
    return {
      kid,
      algorithm: 'ed25519' as const,
      public_key_hex: publicHex,
      public_key_b64: toBase64(bytes),
      public_key_b64url: toBase64Url(bytes),
    };
  });
  return {
    keys,
    active_kid: signingKeys.activeKid,
    usage: ['response-signing', 'identity-claims', 'container-claims'],
    signing_format: {
      response_header: `${RESPONSE_SIGNATURE_HEADER}: t=<unix>,kid=<id>,m=<METHOD>,s=<status>,path=<url path with query>,sig=<128 hex>`,
      response_signed_data: 't, method, status, path and body joined by \\n',
      identity_claim_signed_data: CLAIM_SIGNED_DATA,
      container_claim_signed_data: CLAIM_SIGNED_DATA,
      replay_tolerance_seconds: RESPONSE_SKEW_SECONDS_MAX,
    },
  };
}
