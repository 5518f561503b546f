import { and, eq, isNotNull, isNull, ne, sql, type SQL } from 'drizzle-orm';
import type { Database } from './client.ts';
import { projectReachable, projectVisible } from './project-scope.ts';
import { authTokens, containerRealms, containers, projectRealms, projects, rentals } from './schema.ts';
import type { Scope } from './scope.ts';

/** A realm and how many of the caller's resources carry it. */
export interface RealmUsage {
  readonly realmId: string;
  readonly projects: number;
  readonly containers: number;
  /** Rented in the realm. */
  readonly servers: number;
  readonly authTokens: number;
}

/**
 * The realms that the caller's visible projects, containers, rentals and auth tokens carry, in the order of
 * their ids; at most `limit`. With an active realm only that one is seen. A caller with an auth token
 * (`tokenId`) sees of the tokens only its own and those minted beneath it.
 */
export async function listRealms(
  database: Database,
  scope: Scope,
  tokenId: string | null,
  limit: number,
): Promise<RealmUsage[]> {
  const rows = await database.all<{
    realm_id: string;
    projects: number;
    containers: number;
    servers: number;
    tokens: number;
  }>(sql`
    select realm_id, sum(kind = 'project') as projects, sum(kind = 'container') as containers,
      sum(kind = 'server') as servers, sum(kind = 'token') as tokens
    from (
      select ${projectRealms.realmId} as realm_id, 'project' as kind
        from ${projectRealms} join ${projects} on ${eq(projects.id, projectRealms.projectId)}
        where ${projectReachable(scope)} and ${projectVisible(database, { ...scope, realmId: null }, 'read')}
      union all
      select ${containerRealms.realmId}, 'container'
        from ${containerRealms} join ${containers} on ${eq(containers.id, containerRealms.containerId)}
        join ${projects} on ${eq(projects.id, containers.projectId)}
        where ${livingContainerOf(database, scope)}
      union all
      select ${rentals.realmId}, 'server' from ${rentals}
        where ${and(eq(rentals.userId, scope.userId), isNotNull(rentals.realmId), ne(rentals.status, 'ended'))}
      union all
      select value, 'token' from ${authTokens}, json_each(${authTokens.realmIdsJson})
        where ${authTokens.userId} = ${scope.userId} and ${tokenVisible(scope, tokenId)}
    )
    where ${scope.realmId === null ? sql`1` : sql`realm_id = ${scope.realmId}`}
    group by realm_id order by realm_id limit ${limit}`);
  return rows.map((row) => ({
    realmId: row.realm_id,
    projects: row.projects,
    containers: row.containers,
    servers: row.servers,
    authTokens: row.tokens,
  }));
}

/** Containers and projects carry realms independently, so that the project's own realms do not count here. */
function livingContainerOf(database: Database, scope: Scope): SQL | undefined {
  return and(
    isNull(containers.deletedAt),
    eq(containers.isPrespawn, false),
    projectReachable(scope),
    projectVisible(database, { ...scope, realmId: null }, 'read'),
  );
}

function tokenVisible(scope: Scope, tokenId: string | null): SQL {
  if (tokenId === null) return sql`1`;
  return sql`${authTokens.id} in (
    with recursive subtree (id) as (
      select ${tokenId}
      union
      select child.id from auth_tokens child join subtree on child.created_by_token_id = subtree.id
        where child.user_id = ${scope.userId}
    ) select id from subtree)`;
}
