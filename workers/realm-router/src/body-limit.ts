export const BODY_BYTES_MAX_DEFAULT = 1024 * 1024;

export type BoundedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'too_large' };

/**
 * Reads a request body of at most `bytesMax` bytes. A declared length above it is refused unread; one that
 * is not declared is counted as it comes. The body is held whole before anything behind the router sees
 * the request, so that an oversize one has changed nothing.
 */
export async function readBoundedBody(request: Request, bytesMax: number): Promise<BoundedBody> {
  if (request.body === null) return { kind: 'none' };
  const declared = request.headers.get('content-length');
  if (declared !== null && !(Number(declared) <= bytesMax)) {
    await request.body.cancel();
    return { kind: 'too_large' };
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.byteLength;
    if (length > bytesMax) {
      await reader.cancel();
      return { kind: 'too_large' };
    }
    chunks.push(part.value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return { kind: 'whole', bytes };
}
