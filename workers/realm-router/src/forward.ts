import type { Env } from './env.ts';
import { BODY_BYTES_MAX_DEFAULT, readBoundedBody } from './body-limit.ts';
import { errorResponse } from './error-response.ts';
import { internalHeaders, type RequestFacts } from './internal-headers.ts';
import type { Target } from './routing.ts';

function bodyBytesMaxOf(env: Env): number {
  const configured = Number(env.BODY_BYTES_MAX ?? '');
  return Number.isSafeInteger(configured) && configured > 0 ? configured : BODY_BYTES_MAX_DEFAULT;
}

/** Passes a request on to the worker that owns its path; an oversize body is answered here. */
export async function forward(
  request: Request,
  url: URL,
  target: Exclude<Target, 'none' | 'router'>,
  facts: RequestFacts,
  env: Env,
): Promise<Response> {
  const bytesMax = bodyBytesMaxOf(env);
  const body = await readBoundedBody(request, bytesMax);
  if (body.kind === 'too_large') {
    return errorResponse('BODY_TOO_LARGE', `The request body is larger than ${bytesMax} bytes.`);
  }
  const headers = internalHeaders(request.headers, facts);
  // The bytes are counted anew: a client's own transfer headers say nothing about them.
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  const worker = target === 'billing' ? env.BILLING : env.API;
  return worker.fetch(url.href, {
    // The workers behind know GET only; the answer's body is dropped on its way out (RFC 9110 section 9.3.2).
    method: request.method === 'HEAD' ? 'GET' : request.method,
    headers,
    redirect: 'manual',
    // What the edge knows of the client's place; absent locally.
    ...(request.cf === undefined ? {} : { cf: request.cf }),
    ...(body.kind === 'whole' ? { body: body.bytes } : {}),
  });
}
