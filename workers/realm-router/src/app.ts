import { clientAddressOf } from './client-address.ts';
import { preflightResponse, setCorsHeaders } from './cors.ts';
import type { Env } from './env.ts';
import { errorResponse } from './error-response.ts';
import { forward } from './forward.ts';
import { healthResponse } from './health.ts';
import type { RequestFacts } from './internal-headers.ts';
import { realmOfHost } from './realm.ts';
import { requestIdOf } from './request-id.ts';
import { logFailure, logRequest } from './request-log.ts';
import { requestUrlOf, type RequestUrl } from './request-url.ts';
import { targetOf } from './routing.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { RESPONSE_SIGNATURE_HEADER, signOutgoing } from './signature.ts';

const URL_LENGTH_MAX = 8192;

/** The answer to one request before the router adds its own headers. */
async function answer(
  request: Request,
  { url, isValid }: RequestUrl,
  facts: RequestFacts,
  env: Env,
): Promise<Response> {
  if (!isValid) return errorResponse('VALIDATION_ERROR', 'The Host header is malformed.');
  if (request.method === 'OPTIONS') return preflightResponse();
  if (request.url.length > URL_LENGTH_MAX) {
    return errorResponse('VALIDATION_ERROR', `The URL is longer than ${URL_LENGTH_MAX} characters.`);
  }
  const target = targetOf(url.pathname);
  if (target === 'none') return errorResponse('NOT_FOUND', 'There is no such path.');
  if (target === 'api' || target === 'billing') return forward(request, url, target, facts, env);
  if (request.method === 'GET' || request.method === 'HEAD') return healthResponse(env);
  return errorResponse('METHOD_NOT_ALLOWED', 'This path answers GET and HEAD only.');
}

async function answerSafely(
  request: Request,
  requestUrl: RequestUrl,
  facts: RequestFacts,
  env: Env,
): Promise<Response> {
  try {
    return await answer(request, requestUrl, facts, env);
  } catch (error) {
    logFailure(facts.requestId, error);
    return errorResponse('INTERNAL_SERVER_ERROR', 'An unexpected error occurred.');
  }
}

/** The answer as it leaves: signed, and with the headers that every answer carries. */
async function finish(
  request: Request,
  url: URL,
  response: Response,
  facts: RequestFacts,
  env: Env,
  startedAtMs: number,
): Promise<Response> {
  const path = `${url.pathname}${url.search}`;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const { body, signature } = await signOutgoing(
    { method: request.method, path },
    response,
    env.SIGNING_KEYS,
    nowSeconds,
  );
  const headers = new Headers(response.headers);
  if (signature !== null) headers.set(RESPONSE_SIGNATURE_HEADER, signature);
  headers.set('x-request-id', facts.requestId);
  setCorsHeaders(headers);
  setSecurityHeaders(headers, url.protocol === 'https:');
  const own = `router;dur=${(performance.now() - startedAtMs).toFixed(1)}`;
  const inner = headers.get('server-timing');
  headers.set('server-timing', inner === null ? own : `${inner}, ${own}`);
  return new Response(body, { status: response.status, headers });
}

/**
 * Handles one request. The order of steps is fixed here and nowhere else: identify (request id, realm,
 * client address) → answer or forward → sign → common headers → log.
 */
export async function handleRequest(request: Request, env: Env): Promise<Response> {
  const startedAtMs = performance.now();
  const requestUrl = requestUrlOf(request.url);
  const { url } = requestUrl;
  const facts: RequestFacts = {
    requestId: requestIdOf(request.headers),
    realmId: realmOfHost(url.hostname, env.API_DOMAIN),
    clientAddress: clientAddressOf(request.headers, env.CLIENT_ADDRESS_HEADER),
  };
  let response = await answerSafely(request, requestUrl, facts, env);
  // A WebSocket handshake passes as it is: a new Response around it would lose the socket.
  if (response.webSocket === null) {
    try {
      response = await finish(request, url, response, facts, env, startedAtMs);
    } catch (error) {
      logFailure(facts.requestId, error);
      const failure = errorResponse('INTERNAL_SERVER_ERROR', 'An unexpected error occurred.');
      response = await finish(request, url, failure, facts, env, startedAtMs);
    }
  }
  logRequest({
    requestId: facts.requestId,
    realmId: facts.realmId,
    method: request.method,
    url,
    status: response.status,
    durationMs: performance.now() - startedAtMs,
  });
  return response;
}
