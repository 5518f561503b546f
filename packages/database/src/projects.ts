import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  isNull,
  ne,
  not,
  sql,
  exists,
  type SQL,
} from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { parseStringArray } from './json-columns.ts';
import {
  accessIncludes,
  projectCarries,
  projectReachable,
  projectVisible,
  realmFilter,
  type ProjectAccess,
} from './project-scope.ts';
import { events, projectRealms, projects } from './schema.ts';
import type { AccessLevel, Scope } from './scope.ts';

/** A project as its caller sees it. */
export interface ProjectRow extends Readonly<typeof projects.$inferSelect> {
  /** Sorted. */
  readonly realmIds: readonly string[];
  /** What the caller may do with it. */
  readonly access: ProjectAccess;
}

export interface ProjectListOptions {
  /** 1-based. */
  readonly page: number;
  readonly limit: number;
  readonly sortBy: 'id' | 'alias' | 'created_at' | 'updated_at';
  readonly sortOrder: 'asc' | 'desc';
  /** Only projects that carry this realm, beside the scope's own. */
  readonly realmId: string | null;
}

const SORT_COLUMNS = {
  id: projects.id,
  alias: projects.alias,
  created_at: projects.createdAt,
  updated_at: projects.updatedAt,
} as const;

/** The projects that the caller sees, one page of them, and how many there are in all. */
export async function listProjects(
  database: Database,
  scope: Scope,
  options: ProjectListOptions,
): Promise<{ rows: ProjectRow[]; total: number }> {
  const where = and(
    projectReachable(scope),
    projectVisible(database, scope, 'read'),
    realmFilter(scope, options.realmId, (realmId) => projectCarries(database, realmId)),
  );
  const order = options.sortOrder === 'asc' ? asc : desc;
  const [rows, totals] = await database.batch([
    selectProjects(database, scope, where)
      .orderBy(order(SORT_COLUMNS[options.sortBy]), order(projects.id))
      .limit(options.limit)
      .offset((options.page - 1) * options.limit),
    database.select({ total: count() }).from(projects).where(where),
  ]);
  return { rows: rows.map(toRow), total: totals[0]?.total ?? 0 };
}

/** One project, or null when it is missing, hidden by the realm, or not the caller's at `access` or above. */
export async function findProject(
  database: Database,
  scope: Scope,
  projectId: string,
  access: AccessLevel,
): Promise<ProjectRow | null> {
  const where = and(eq(projects.id, projectId), projectVisible(database, scope, access));
  const [row] = await selectProjects(database, scope, where);
  return row === undefined ? null : toRow(row);
}

export interface NewProject {
  readonly id: string;
  readonly alias: string;
  readonly color: string;
  /** null: unlimited. */
  readonly maxContainers: number | null;
  readonly realmIds: readonly string[];
  readonly now: number;
}

/**
 * Makes a project that the scope's user owns, together with `event`. A second call with the same id joins
 * the first: it answers the project and records nothing again.
 *
 * @throws when a realm is active and not among `realmIds`: the caller could not see what it made
 */
export async function createProject(
  database: Database,
  scope: Scope,
  project: NewProject,
  event: NewEvent,
): Promise<{ kind: 'created'; project: ProjectRow } | { kind: 'duplicate_alias' }> {
  if (scope.realmId !== null && !project.realmIds.includes(scope.realmId)) {
    throw new Error('a project made in a realm must carry it');
  }
  const { realmIds, now, ...columns } = project;
  const results = await database.batch([
    database
      .insert(projects)
      .values({ ...columns, userId: scope.userId, createdAt: now, updatedAt: now })
      .onConflictDoNothing(),
    eventStatement(database, event, sql`changes() > 0`),
    insertRealms(database, project.id, realmIds, eventRecorded(database, event.id)),
    selectProjects(database, scope, and(eq(projects.id, project.id), eq(projects.userId, scope.userId))),
  ]);
  const row = results[3][0];
  return row === undefined ? { kind: 'duplicate_alias' } : { kind: 'created', project: toRow(row) };
}

/** What may be changed; an absent field stays as it is. */
export interface ProjectChanges {
  readonly alias?: string | undefined;
  readonly color?: string | undefined;
  readonly maxContainers?: number | null | undefined;
  readonly realmIds?: readonly string[] | undefined;
}

export type ProjectUpdate =
  | { readonly kind: 'updated'; readonly project: ProjectRow }
  | { readonly kind: 'missing' | 'forbidden' | 'deleting' | 'duplicate_alias' };

/** Changes a project that the caller may edit, together with `event`; all of it or nothing. */
export async function updateProject(
  database: Database,
  scope: Scope,
  projectId: string,
  changes: ProjectChanges,
  event: NewEvent,
): Promise<ProjectUpdate> {
  const { realmIds, ...columns } = changes;
  const updated = eventRecorded(database, event.id);
  const results = await database.batch([
    database
      .update(projects)
      .set({ ...columns, updatedAt: event.now })
      .where(
        and(
          eq(projects.id, projectId),
          projectVisible(database, scope, 'edit'),
          isNull(projects.deletingSince),
          columns.alias === undefined ? undefined : aliasFree(database, columns.alias),
        ),
      ),
    eventStatement(database, event, sql`changes() > 0`),
    database
      .delete(projectRealms)
      .where(and(eq(projectRealms.projectId, projectId), updated, realmIds === undefined ? sql`0` : sql`1`)),
    insertRealms(database, projectId, realmIds ?? [], updated),
    selectProjects(database, scope, and(eq(projects.id, projectId), projectVisible(database, scope, 'read'))),
    database.select({ id: events.id }).from(events).where(eq(events.id, event.id)),
  ]);
  const row = results[4][0];
  if (row === undefined) return { kind: 'missing' };
  if (results[5].length === 1) return { kind: 'updated', project: toRow(row) };
  if (!accessIncludes(row.access, 'edit')) return { kind: 'forbidden' };
  return { kind: row.deletingSince === null ? 'duplicate_alias' : 'deleting' };
}

/** The query behind every {@link ProjectRow}. Raw names: drizzle leaves the table out of columns in fields. */
export function selectProjects(database: Database, scope: Scope, where: SQL | undefined) {
  return database
    .select({
      ...getTableColumns(projects),
      realmIdsJson: sql<string>`(
        select json_group_array(realm_id order by realm_id) from project_realms where project_id = projects.id)`,
      access: sql<ProjectAccess>`case when projects.user_id = ${scope.userId} then 'owner' else (
        select level from project_permissions where project_id = projects.id and user_id = ${scope.userId}) end`,
    })
    .from(projects)
    .where(where)
    .$dynamic();
}

/** Turns what {@link selectProjects} gives into a {@link ProjectRow}. */
export function toRow({
  realmIdsJson,
  ...row
}: Awaited<ReturnType<typeof selectProjects>>[number]): ProjectRow {
  return { ...row, realmIds: parseStringArray(realmIdsJson) };
}

/** Whether the event of a change was recorded: within its batch, the proof that the change took place. */
export function eventRecorded(database: Database, eventId: string): SQL {
  return exists(
    database
      .select({ one: sql`1` })
      .from(events)
      .where(eq(events.id, eventId)),
  );
}

function insertRealms(database: Database, projectId: string, realmIds: readonly string[], condition: SQL) {
  return database.run(sql`
    insert into ${projectRealms} (project_id, realm_id)
    select ${projectId}, value from json_each(${JSON.stringify(realmIds)}) where ${condition}
    on conflict do nothing`);
}

function aliasFree(database: Database, wanted: string): SQL {
  const other = alias(projects, 'other');
  return not(
    exists(
      database
        .select({ one: sql`1` })
        .from(other)
        .where(and(eq(other.userId, projects.userId), eq(other.alias, wanted), ne(other.id, projects.id))),
    ),
  );
}
