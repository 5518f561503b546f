import type { RouteDefinition, SuccessEnvelope } from '@control-plane/contract';
import { ROUTES } from '@control-plane/contract/routes';

/**
 * What is wrong with a successful answer's shape, or null: the `data` of every answer that any test gets is
 * held against the route table, so that what is served is what is promised.
 */
export function answerFault(
  method: string,
  path: string,
  answer: { status: number; body: unknown },
): string | null {
  if (answer.status < 200 || answer.status >= 300 || answer.status === 202) return null;
  const route = routeOf(method, path.split('?')[0] ?? path);
  if (route === undefined || route.contentType !== undefined) return null;
  const body = answer.body as Partial<SuccessEnvelope<unknown>> | undefined;
  if (body?.statusCode !== answer.status || typeof body.message !== 'string')
    return 'the envelope is not whole';
  if (!route.success.includes(answer.status))
    return `${answer.status} is no success status of ${route.operationId}`;
  if (route.data === undefined) return body.data === null ? null : 'data is not null';
  const parsed = route.data().safeParse(body.data);
  return parsed.success ? null : `${route.operationId}: ${parsed.error.message}`;
}

const patterns = ROUTES.map((route) => ({
  route,
  methods: route.patchTwin === true ? [route.method, 'PATCH'] : [route.method],
  pattern: new RegExp(`^${route.path.replace(/\/$/, '').replace(/\{\w+\}/g, '[^/]+')}/?$`),
})).toSorted((a, b) => Number(a.route.path.includes('{')) - Number(b.route.path.includes('{')));

function routeOf(method: string, path: string): RouteDefinition | undefined {
  const found = patterns.filter(({ methods, pattern }) => methods.includes(method) && pattern.test(path));
  // Of `/{id}/snapshots` and `/{id}/{operation}` the one with fewer parameters is meant.
  return found.toSorted((a, b) => a.route.path.split('{').length - b.route.path.split('{').length)[0]?.route;
}
