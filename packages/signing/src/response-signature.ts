/**
 * The signature on every answer: the header `X-Hoody-Signature` and the text that is signed. The text is
 * `t`, method, status, path and body joined by line feeds; a body is taken as the bytes on the wire
 * (before any content coding), so that images are signed like JSON.
 */
import { utf8 } from './encoding.ts';
import { signEd25519, verifyEd25519, type SigningKeys, type VerificationKey } from './keys.ts';
import { accepted, refused, type Outcome } from './outcome.ts';

export const RESPONSE_SIGNATURE_HEADER = 'X-Hoody-Signature';
/** A signature older or newer than this many seconds is refused, unless the verifier says otherwise. */
export const RESPONSE_SKEW_SECONDS_MAX = 300;

/** What is signed beside the body. `timestamp` is Unix seconds; `path` is the URL path with its query. */
export interface ResponseFacts {
  readonly timestamp: number;
  readonly method: string;
  readonly status: number;
  readonly path: string;
}

/** A parsed header. */
export interface SignatureHeader extends ResponseFacts {
  readonly kid: string;
  readonly signatureHex: string;
}

export type ResponseSignatureError =
  | 'malformed_header'
  | 'method_missing'
  | 'status_missing'
  | 'unknown_key'
  | 'stale'
  | 'method_mismatch'
  | 'status_mismatch'
  | 'path_mismatch'
  | 'bad_signature';

/** The signed bytes. */
export function signedBytes(facts: ResponseFacts, body: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const head = utf8(`${facts.timestamp}\n${facts.method}\n${facts.status}\n${facts.path}\n`);
  const tail = typeof body === 'string' ? utf8(body) : body;
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

/** Signs an answer with the active key and returns the header's value. */
export async function signResponse(
  keys: SigningKeys,
  facts: ResponseFacts,
  body: Uint8Array | string,
): Promise<string> {
  const signature = await signEd25519(keys.privateKey, signedBytes(facts, body));
  const { timestamp, method, status, path } = facts;
  return `t=${timestamp},kid=${keys.activeKid},m=${method},s=${status},path=${path},sig=${signature}`;
}

// The path may hold commas and equal signs: it is whatever stands between `path=` and the final `sig=`.
const HEADER =
  /^t=(\d{1,12}),kid=([A-Za-z0-9._-]{1,64})(?:,m=([A-Z]{1,16}))?(?:,s=(\d{3}))?,path=(\/[^\s]*),sig=([0-9a-f]{128})$/;

/** Splits a header's value. A header without method or status is of an older form and refused by name. */
export function parseSignatureHeader(
  value: string,
): Outcome<SignatureHeader, 'malformed_header' | 'method_missing' | 'status_missing'> {
  const match = HEADER.exec(value);
  if (match === null) return refused('malformed_header');
  const [, timestamp, kid, method, status, path, signatureHex] = match;
  if (method === undefined) return refused('method_missing');
  if (status === undefined) return refused('status_missing');
  if (kid === undefined || path === undefined || signatureHex === undefined)
    return refused('malformed_header');
  return accepted({ timestamp: Number(timestamp), kid, method, status: Number(status), path, signatureHex });
}

/**
 * Verifies an answer.
 *
 * @param keys the published keys (`GET /api/v1/meta/public-key`)
 * @param expected what the client asked for and got; the header must say the same
 * @param nowSeconds the verifier's clock, Unix seconds
 */
export async function verifyResponse(
  keys: readonly VerificationKey[],
  header: string,
  expected: { readonly method: string; readonly status: number; readonly path: string },
  body: Uint8Array | string,
  nowSeconds: number,
  skewSecondsMax: number = RESPONSE_SKEW_SECONDS_MAX,
): Promise<Outcome<SignatureHeader, ResponseSignatureError>> {
  const parsed = parseSignatureHeader(header);
  if (!parsed.ok) return parsed;
  const facts = parsed.value;
  if (facts.method !== expected.method) return refused('method_mismatch');
  if (facts.status !== expected.status) return refused('status_mismatch');
  if (facts.path !== expected.path) return refused('path_mismatch');
  if (Math.abs(nowSeconds - facts.timestamp) > skewSecondsMax) return refused('stale');
  const key = keys.find((candidate) => candidate.kid === facts.kid);
  if (key === undefined) return refused('unknown_key');
  const genuine = await verifyEd25519(key.publicHex, facts.signatureHex, signedBytes(facts, body));
  return genuine ? accepted(facts) : refused('bad_signature');
}
