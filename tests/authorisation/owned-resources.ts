/** Which resource a path names and who may do what with it, for every route of the table. */
import type { RouteDefinition } from '@control-plane/contract';
import type { AccessLevel } from '@control-plane/database';

/** What the first `{id}` of a path is. `none`: the path names nothing that belongs to somebody. */
export type Resource = 'project' | 'container' | 'token' | 'operation' | 'user' | 'none';

const PREFIXES: readonly (readonly [string, Resource])[] = [
  ['/api/v1/projects/{id}', 'project'],
  ['/api/v1/containers/{id}', 'container'],
  ['/api/v1/auth/tokens/{id}', 'token'],
  ['/api/v1/operations/{id}', 'operation'],
  // Profiles: the caller's own only.
  ['/api/v1/users/{id}', 'user'],
  // Images belong to everybody.
  ['/api/v1/images/', 'none'],
];

/** @throws Error for a path with an id that no line above explains */
export function resourceOf({ path, operationId }: RouteDefinition): Resource {
  const found = PREFIXES.find(
    ([prefix]) =>
      path === prefix || path.startsWith(`${prefix}/`) || (prefix.endsWith('/') && path.startsWith(prefix)),
  );
  if (found !== undefined) return found[1];
  if (!/\{\w*[iI]d\}/.test(path)) return 'none';
  throw new Error(`${operationId}: whose is the id in ${path}?`);
}

/** Levels that differ from the rule of {@link levelOf}. `owner`: no collaborator at all. */
const LEVELS: Readonly<Record<string, AccessLevel | 'owner'>> = {
  'projects.delete': 'delete',
  'containers.delete': 'delete',
  'containers.getStatusLogs': 'owner',
};

/** The level that a collaborator needs on the project: `read` to look, `edit` to change. */
export function levelOf({ operationId, method }: RouteDefinition): AccessLevel | 'owner' {
  return LEVELS[operationId] ?? (method === 'GET' ? 'read' : 'edit');
}
