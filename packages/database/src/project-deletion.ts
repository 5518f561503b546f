import { and, asc, eq, gt, isNull, lt, notExists, or, sql } from 'drizzle-orm';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { parseStringArray } from './json-columns.ts';
import { accessIncludes, projectVisible } from './project-scope.ts';
import { eventRecorded, selectProjects, toRow, type ProjectRow } from './projects.ts';
import { containerRealms, containers, projectPermissions, projectRealms, projects } from './schema.ts';
import type { Scope } from './scope.ts';

/** A deletion that was marked longer ago than this is taken for dead, and another may begin. */
export const PROJECT_DELETION_LEASE_MS = 10 * 60_000;

export type DeletionMark =
  | { readonly kind: 'marked'; readonly project: ProjectRow }
  | { readonly kind: 'missing' | 'forbidden' | 'default_project' | 'in_progress' };

/**
 * Begins the deletion of a project that the caller may delete: from now on it takes no new container. The
 * mark is `now` (Unix ms) and proves later that the deletion is still this one.
 */
export async function markProjectDeleting(
  database: Database,
  scope: Scope,
  projectId: string,
  now: number,
): Promise<DeletionMark> {
  const [marked, rows] = await database.batch([
    database
      .update(projects)
      .set({ deletingSince: now })
      .where(
        and(
          eq(projects.id, projectId),
          projectVisible(database, scope, 'delete'),
          eq(projects.isDefault, false),
          or(isNull(projects.deletingSince), lt(projects.deletingSince, now - PROJECT_DELETION_LEASE_MS)),
        ),
      )
      .returning({ id: projects.id }),
    selectProjects(database, scope, and(eq(projects.id, projectId), projectVisible(database, scope, 'read'))),
  ]);
  const row = rows[0];
  if (row === undefined) return { kind: 'missing' };
  if (marked.length === 1) return { kind: 'marked', project: toRow(row) };
  if (!accessIncludes(row.access, 'delete')) return { kind: 'forbidden' };
  return { kind: row.isDefault ? 'default_project' : 'in_progress' };
}

/** Ends a deletion that could not be finished; the project is as usable as before. */
export async function clearProjectDeleting(
  database: Database,
  projectId: string,
  mark: number,
): Promise<void> {
  await database
    .update(projects)
    .set({ deletingSince: null })
    .where(and(eq(projects.id, projectId), eq(projects.deletingSince, mark)));
}

/**
 * Clears the marks of deletions that died, so that their projects are usable again.
 *
 * @returns how many there were
 */
export async function sweepProjectDeletions(database: Database, now: number): Promise<number> {
  const swept = await database
    .update(projects)
    .set({ deletingSince: null })
    .where(lt(projects.deletingSince, now - PROJECT_DELETION_LEASE_MS));
  return swept.rowsAffected;
}

/** A container that a cascade has to delete. */
export interface CascadeContainer {
  readonly id: string;
  readonly name: string;
  readonly realmIds: readonly string[];
  /** Waits in the warm pool; no tenant sees it yet. */
  readonly isPrespawn: boolean;
}

/** Living containers of a project (prespawned and half-deleted ones too) in the order of their ids, after `afterId`. */
export async function listCascadeContainers(
  database: Database,
  projectId: string,
  afterId: string,
  limit: number,
): Promise<CascadeContainer[]> {
  const rows = await database
    .select({
      id: containers.id,
      name: containers.name,
      isPrespawn: containers.isPrespawn,
      realmIdsJson: sql<string>`(
        select json_group_array(realm_id order by realm_id) from container_realms where container_id = containers.id)`,
    })
    .from(containers)
    .where(and(eq(containers.projectId, projectId), isNull(containers.deletedAt), gt(containers.id, afterId)))
    .orderBy(asc(containers.id))
    .limit(limit);
  return rows.map(({ realmIdsJson, ...row }) => ({ ...row, realmIds: parseStringArray(realmIdsJson) }));
}

/**
 * Removes a project whose deletion is marked with `mark`, with its grants, realms and the last traces of
 * its containers, together with `event`. Refuses while a container of it lives: a projection that lags
 * behind its object has to arrive first, because afterwards it would have no project to belong to.
 */
export async function deleteProject(
  database: Database,
  projectId: string,
  mark: number,
  event: NewEvent,
): Promise<{ kind: 'deleted'; permissions: number } | { kind: 'containers_remain' | 'mark_lost' }> {
  const marked = and(
    eq(projects.id, projectId),
    eq(projects.deletingSince, mark),
    eq(projects.isDefault, false),
  );
  const emptied = notExists(
    database
      .select({ one: sql`1` })
      .from(containers)
      .where(and(eq(containers.projectId, projectId), isNull(containers.deletedAt))),
  );
  const condition = sql`exists (select 1 from ${projects} where ${marked}) and ${emptied}`;
  const confirmed = eventRecorded(database, event.id);
  const [, permissions, , , , removed, left] = await database.batch([
    eventStatement(database, event, condition),
    database
      .delete(projectPermissions)
      .where(and(eq(projectPermissions.projectId, projectId), confirmed))
      .returning({ id: projectPermissions.id }),
    database.delete(projectRealms).where(and(eq(projectRealms.projectId, projectId), confirmed)),
    database
      .delete(containerRealms)
      .where(
        and(
          sql`${containerRealms.containerId} in (select id from ${containers} where project_id = ${projectId})`,
          confirmed,
        ),
      ),
    database.delete(containers).where(and(eq(containers.projectId, projectId), confirmed)),
    database
      .delete(projects)
      .where(and(eq(projects.id, projectId), confirmed))
      .returning({ id: projects.id }),
    database.select({ id: projects.id }).from(projects).where(marked),
  ]);
  if (removed.length === 1) return { kind: 'deleted', permissions: permissions.length };
  return { kind: left.length === 1 ? 'containers_remain' : 'mark_lost' };
}
