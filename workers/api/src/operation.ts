import type { Result } from '@control-plane/contract/errors';
import type { RouteData, RouteDefinition, RouteInput } from '@control-plane/contract';
import type { AuthenticatedContext, RequestContext } from './context.ts';

type ContextFor<R extends RouteDefinition> = R['auth'] extends
  'public' | 'refresh' | 'temp-token' | 'body-or-temp-token' | 'device-cookie'
  ? RequestContext
  : AuthenticatedContext;

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
export interface Operation {
  readonly route: RouteDefinition;
  readonly handle: (
    input: RouteInput<RouteDefinition>,
    context: RequestContext,
  ) => Promise<Result<Answer<unknown>> | Response>;
}

/**
 * Binds a handler to its entry of the route table. The handler gets parsed input and a context whose
 * principal is present exactly when the route requires one. It answers a value, an expected failure, or a
 * bare `Response` where the route is no JSON envelope.
 *
 * @example
 * export const getThing = operation(routes.thingsGet, async ({ params }, context) =>
 *   ok({ message: 'Thing found', data: await load(context, params.id) }));
 */
export function operation<const R extends RouteDefinition>(
  route: R,
  handle: (input: RouteInput<R>, context: ContextFor<R>) => Promise<Result<Answer<RouteData<R>>> | Response>,
): Operation {
  // The dispatcher parses input by `route` and checks the principal before it calls: see app.ts.
  return { route, handle: handle as unknown as Operation['handle'] };
}
