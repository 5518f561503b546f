import { and, eq, exists, inArray, or, sql, type SQL } from 'drizzle-orm';
import { projectPermissions, projectRealms, projects } from './schema.ts';
import type { AccessLevel, Scope, ScopeTerms } from './scope.ts';
import type { Database } from './client.ts';

const LEVELS: readonly AccessLevel[] = ['read', 'edit', 'delete'];

/** What the caller may do with a project; an owner may do everything. */
export type ProjectAccess = AccessLevel | 'owner';

/** Whether `held` includes `needed`. */
export function accessIncludes(held: ProjectAccess, needed: AccessLevel): boolean {
  return held === 'owner' || LEVELS.indexOf(held) >= LEVELS.indexOf(needed);
}

/**
 * The condition under which a row of `projects` exists for the caller: owned by them or shared with them
 * at `access` or above, and, when a realm is active, carrying it. Every query of a tenant's projects has it.
 */
export function projectVisible(database: Database, scope: ScopeTerms, access: AccessLevel): SQL {
  const shared = exists(
    database
      .select({ one: sql`1` })
      .from(projectPermissions)
      .where(
        and(
          eq(projectPermissions.projectId, projects.id),
          eq(projectPermissions.userId, scope.userId),
          inArray(
            projectPermissions.level,
            LEVELS.filter((level) => accessIncludes(level, access)),
          ),
        ),
      ),
  );
  const mine = or(eq(projects.userId, scope.userId), shared);
  const visible = scope.realmId === null ? mine : and(mine, projectCarries(database, scope.realmId));
  if (visible === undefined) throw new Error('a project condition must not be empty');
  return visible;
}

/**
 * The condition that a row of `projects` is one of those that the caller owns or shares, at any level. It
 * says nothing that {@link projectVisible} doesn't; lists add it because SQLite can begin from it by index,
 * where it would read the whole table otherwise.
 */
export function projectReachable(scope: ScopeTerms): SQL {
  return sql`${projects.id} in (
    select mine.id from ${projects} mine where mine.user_id = ${scope.userId}
    union all
    select shared.project_id from ${projectPermissions} shared where shared.user_id = ${scope.userId})`;
}

/** The condition that a row of `projects` carries a realm. */
export function projectCarries(database: Database, realmId: NonNullable<ScopeTerms['realmId']>): SQL {
  return exists(
    database
      .select({ one: sql`1` })
      .from(projectRealms)
      .where(and(eq(projectRealms.projectId, projects.id), eq(projectRealms.realmId, realmId))),
  );
}

/**
 * The condition of a `realm_id` filter. Within a realm there is no other one: asking for it finds nothing,
 * or the answer would tell which resources belong to both.
 */
export function realmFilter(
  scope: Pick<Scope, 'realmId'>,
  wanted: string | null,
  carries: (realmId: string) => SQL,
): SQL | undefined {
  if (wanted === null || wanted === scope.realmId) return undefined;
  return scope.realmId === null ? carries(wanted) : sql`0`;
}
