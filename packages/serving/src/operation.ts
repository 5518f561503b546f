import type { Result } from '@control-plane/contract/errors';
import type { RouteData, RouteDefinition, RouteInput } from '@control-plane/contract';
import type { AuthenticatedContext, RequestContext } from './context.ts';
import type { ServingEnv } from './env.ts';

type ContextFor<R extends RouteDefinition, Env extends ServingEnv> = R['auth'] extends
  'public' | 'refresh' | 'temp-token' | 'body-or-temp-token' | 'device-cookie'
  ? RequestContext<Env>
  : AuthenticatedContext<Env>;

/** What a handler answers on success. */
export interface Answer<Data> {
  readonly data: Data;
  readonly message: string;
  /** Only when it is not the route's first success status. */
  readonly status?: number;
  /** Keys beside `data` in the envelope. */
  readonly extra?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** A route together with the code that serves it. */
export interface Operation<Env extends ServingEnv = ServingEnv> {
  readonly route: RouteDefinition;
  readonly handle: (
    input: RouteInput<RouteDefinition>,
    context: RequestContext<Env>,
  ) => Promise<Result<Answer<unknown>> | Response>;
}

/** Binds a handler to its entry of the route table, in a worker whose bindings are `Env`. */
export type OperationBinder<Env extends ServingEnv> = <const R extends RouteDefinition>(
  route: R,
  handle: (
    input: RouteInput<R>,
    context: ContextFor<R, Env>,
  ) => Promise<Result<Answer<RouteData<R>>> | Response>,
) => Operation<Env>;

/**
 * The binder of a worker. A handler gets parsed input and a context whose principal is present exactly when
 * the route requires one. It answers a value, an expected failure, or a bare `Response` where the route is no
 * JSON envelope.
 *
 * @example
 * const operation = operationBinder<Env>();
 * export const getThing = operation(routes.thingsGet, async ({ params }, context) =>
 *   ok({ message: 'Thing found', data: await load(context, params.id) }));
 */
export function operationBinder<Env extends ServingEnv>(): OperationBinder<Env> {
  // The dispatcher parses input by `route` and checks the principal before it calls: see handle-request.ts.
  return (route, handle) => ({ route, handle: handle as unknown as Operation<Env>['handle'] });
}
