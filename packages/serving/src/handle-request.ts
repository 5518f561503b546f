/** The one place that fixes the order of a request: match → authenticate → permit → validate → act → envelope. */
import { errorBody, fail, ok, type ApiError, type Result } from '@control-plane/contract/errors';
import { parseInput, successEnvelope, type RouteDefinition } from '@control-plane/contract';
import type { Principal } from '@control-plane/auth';
import { openDatabase } from '@control-plane/database';
import { logActivity } from './activity/log-activity.ts';
import type { RequestContext } from './context.ts';
import { DispatchTable } from './dispatch-table.ts';
import type { ServingEnv } from './env.ts';
import { randomObjectId } from './ids.ts';
import { createLogger, describeError, traceOf } from './log.ts';
import { authenticate } from './authentication/authenticate.ts';
import { authorize } from './authorize.ts';
import { beginIdempotent } from './idempotency.ts';
import type { Answer, Operation } from './operation.ts';
import { requestFacts } from './request-facts.ts';

/** A worker's answer to one API request; never throws. */
export type RequestHandler<Env> = (
  request: Request,
  env: Env,
  execution: ExecutionContext,
) => Promise<Response>;

/**
 * Builds the one way of a request through a worker.
 *
 * @param component the worker's name, in its log lines and as its `server-timing` figure
 * @param operations every route that the worker serves
 */
export function requestHandler<Env extends ServingEnv>(
  component: string,
  operations: readonly Operation<Env>[],
): RequestHandler<Env> {
  const table = new DispatchTable(operations);
  return (request, env, execution) => handleRequest(component, table, request, env, execution);
}

async function handleRequest<Env extends ServingEnv>(
  component: string,
  table: DispatchTable<Env>,
  request: Request,
  env: Env,
  execution: ExecutionContext,
): Promise<Response> {
  const facts = requestFacts(request.headers);
  const url = new URL(request.url);
  const log = createLogger({
    component,
    request_id: facts.requestId,
    method: request.method,
    path: url.pathname,
  });
  const timings: string[] = [];
  const timing = (name: string, durationMs: number): void => {
    timings.push(`${name};dur=${durationMs.toFixed(1)}`);
  };
  const startedAt = Date.now();
  let knownCaller: Principal | null = null;
  let response: Response;
  try {
    response = await answer();
  } catch (error) {
    log.error('request failed', {
      error: describeError(error),
      stack: traceOf(error),
    });
    response = errorResponse({
      code: 'INTERNAL_SERVER_ERROR',
      message: `Something went wrong on our side; quote request ${facts.requestId}`,
    });
  }
  timing(component, Date.now() - startedAt);
  noteCaller();
  // Sockets and immutable answers keep their own headers.
  if (response.status !== 101) {
    response = new Response(response.body, response);
    response.headers.set('server-timing', timings.join(', '));
  }
  return response;

  /** Everything that a known caller asked for is logged for them, whatever came of it. */
  function noteCaller(): void {
    if (knownCaller === null) return;
    logActivity({
      database: openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE),
      userId: knownCaller.userId,
      realmId: facts.realmId,
      clientAddress: facts.clientAddress,
      request,
      statusCode: response.status,
      now: startedAt,
      waitUntil: (work) => execution.waitUntil(work),
    });
  }

  async function answer(): Promise<Response> {
    const match = table.find(request.method, url.pathname);
    if (match.kind === 'missing')
      return errorResponse({ code: 'NOT_FOUND', message: `There is no ${url.pathname}` });
    if (match.kind === 'wrong_method') {
      const allow = match.allowed.join(', ');
      const refused = errorResponse({
        code: 'METHOD_NOT_ALLOWED',
        message: `${url.pathname} answers ${allow}`,
      });
      refused.headers.set('allow', allow);
      return refused;
    }
    const { operation, params } = match;
    const { route } = operation;
    const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
    const waitUntil = (work: Promise<unknown>): void => execution.waitUntil(work);

    const authStartedAt = Date.now();
    const authenticated = await authenticate(route, {
      request,
      env,
      database,
      realmId: facts.realmId,
      clientAddress: facts.clientAddress,
      now: authStartedAt,
      waitUntil,
    });
    timing('auth', Date.now() - authStartedAt);
    if (!authenticated.ok) return errorResponse(authenticated.error);
    const principal = authenticated.value;
    knownCaller = principal;
    const permitted = authorize(route, params, principal);
    if (!permitted.ok) return errorResponse(permitted.error);

    const body = await readBody(request, route);
    if (!body.ok) return errorResponse(body.error);
    const input = parseInput(route, {
      params,
      query: Object.fromEntries(url.searchParams),
      body: body.value.json,
    });
    if (!input.ok) return errorResponse(input.error);

    const context: RequestContext<Env> = {
      env,
      request,
      ...facts,
      database,
      principal,
      log: log.with({
        operation: route.operationId,
        user_id: principal?.userId,
        impersonated_by: principal?.impersonatedBy ?? undefined,
      }),
      seedId: randomObjectId(),
      respondAsync: route.asynchronous === true && prefersAsync(request.headers),
      timing,
      waitUntil,
    };
    const key = request.headers.get('idempotency-key');
    // Nobody's keys are kept: a stranger could fill the table, and public POSTs may be repeated anyway.
    if (key === null || request.method !== 'POST' || principal === null) {
      return act(operation, input.value, context);
    }

    const caller = principal.grant?.tokenId ?? principal.userId;
    const attempt = await beginIdempotent(
      database,
      {
        key,
        scope: `${caller} ${route.operationId}`,
        method: request.method,
        path: `${facts.realmId ?? ''}${url.pathname}${url.search}`,
        bodyText: body.value.text,
      },
      context.seedId,
      Date.now(),
    );
    if (!attempt.ok) return errorResponse(attempt.error);
    if (attempt.value instanceof Response) return attempt.value;
    const { seed, finish } = attempt.value;
    try {
      return await finish(await act(operation, input.value, { ...context, seedId: seed }));
    } catch (error) {
      // Nobody knows how far it came: the key is free for another try, which goes on with the same seed.
      await finish(new Response(null, { status: 500 }));
      throw error;
    }
  }
}

async function act<Env extends ServingEnv>(
  operation: Operation<Env>,
  input: Parameters<Operation<Env>['handle']>[0],
  context: RequestContext<Env>,
): Promise<Response> {
  const result = await operation.handle(input, context);
  if (result instanceof Response) return result;
  return result.ok ? successResponse(operation.route, result.value) : errorResponse(result.error);
}

function successResponse(
  route: RouteDefinition,
  { data, message, status, extra, headers }: Answer<unknown>,
): Response {
  const code = status ?? route.success[0];
  return Response.json(successEnvelope(code, message, data ?? null, extra), {
    status: code,
    ...(headers === undefined ? {} : { headers }),
  });
}

/** The answer to an expected failure. */
export function errorResponse(error: ApiError): Response {
  const body = errorBody(error);
  const headers: Record<string, string> = {};
  if (error.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.ceil(error.retryAfterSeconds));
  if (body.statusCode === 401) headers['www-authenticate'] = 'Bearer';
  return Response.json(body, { status: body.statusCode, headers });
}

/** Reads a JSON body; the router has bounded its size. No body is no error: the schema decides. */
async function readBody(
  request: Request,
  route: RouteDefinition,
): Promise<Result<{ json: unknown; text: string }>> {
  if (request.method === 'GET' || request.method === 'HEAD') return ok({ json: undefined, text: '' });
  const text = await request.text();
  if (route.body === undefined || text.trim() === '') return ok({ json: undefined, text });
  const type = request.headers.get('content-type') ?? '';
  if (route.formBody === true) {
    if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(type.trim())) {
      return fail('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/x-www-form-urlencoded');
    }
    return ok({ json: Object.fromEntries(new URLSearchParams(text)), text });
  }
  if (!/^application\/(?:[\w.+-]+\+)?json(?:;|$)/i.test(type.trim())) {
    return fail('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json');
  }
  try {
    return ok({ json: JSON.parse(text) as unknown, text });
  } catch {
    return fail('INVALID_JSON', 'The body is no valid JSON');
  }
}

/** RFC 7240 section 4.1. */
function prefersAsync(headers: Headers): boolean {
  return (headers.get('prefer') ?? '')
    .split(',')
    .some((preference) => preference.trim().toLowerCase() === 'respond-async');
}
