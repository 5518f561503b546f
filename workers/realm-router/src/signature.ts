import {
  parseSigningKeys,
  RESPONSE_SIGNATURE_HEADER,
  signResponse,
  type SigningKeys,
} from '@control-plane/signing';

/** Parsed once per isolate and text: the import of a key costs more than a signature. */
let parsed: { readonly text: string; readonly keys: Promise<SigningKeys | null> } | undefined;

function keysOf(text: string): Promise<SigningKeys | null> {
  if (parsed?.text === text) return parsed.keys;
  const keys = parseSigningKeys(text).then((result) => {
    if (result.ok) return result.value;
    console.error(JSON.stringify({ level: 'error', message: 'SIGNING_KEYS unusable', reason: result.error }));
    return null;
  });
  parsed = { text, keys };
  return keys;
}

/** Whether an answer is one that the contract wants signed; a stream can't be, and an empty one need not. */
function isSignable(response: Response): boolean {
  if (response.body === null) return false;
  if ([101, 204, 205, 304].includes(response.status)) return false;
  return response.headers.get('content-type')?.startsWith('text/event-stream') !== true;
}

/** An answer's body as it leaves: held whole and signed, or passed through. */
export interface OutgoingBody {
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream | null;
  readonly signature: string | null;
}

/**
 * Signs an answer if it has a body that can be signed. Without usable keys answers go out unsigned: the
 * api says SIGNING_NOT_CONFIGURED at `meta/public-key`, and the log says why.
 *
 * @param nowSeconds Unix seconds
 */
export async function signOutgoing(
  request: { readonly method: string; readonly path: string },
  response: Response,
  signingKeys: string,
  nowSeconds: number,
): Promise<OutgoingBody> {
  if (request.method === 'HEAD') {
    await response.body?.cancel();
    return { body: null, signature: null };
  }
  if (!isSignable(response)) return { body: response.body, signature: null };
  const body = new Uint8Array(await response.arrayBuffer());
  const keys = body.byteLength === 0 ? null : await keysOf(signingKeys);
  if (keys === null) return { body, signature: null };
  const facts = {
    timestamp: nowSeconds,
    method: request.method,
    status: response.status,
    path: request.path,
  };
  return { body, signature: await signResponse(keys, facts, body) };
}

export { RESPONSE_SIGNATURE_HEADER };
