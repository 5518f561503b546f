import { and, asc, count, desc, eq, getTableColumns, isNull, or, sql, type SQL } from 'drizzle-orm';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { accessIncludes, projectVisible } from './project-scope.ts';
import { eventRecorded, selectProjects, toRow } from './projects.ts';
import { projectPermissions, projects, users } from './schema.ts';
import type { AccessLevel, Scope } from './scope.ts';

/** A collaborator's grant on a project. */
export interface ProjectPermissionRow extends Readonly<typeof projectPermissions.$inferSelect> {
  readonly username: string;
  readonly userAlias: string | null;
}

export interface ProjectPermissionListOptions {
  /** 1-based. */
  readonly page: number;
  readonly limit: number;
  readonly sortBy: 'id' | 'user_id' | 'permission_level' | 'created_at' | 'updated_at';
  readonly sortOrder: 'asc' | 'desc';
}

const SORT_COLUMNS = {
  id: projectPermissions.id,
  user_id: projectPermissions.userId,
  permission_level: sql`case ${projectPermissions.level} when 'read' then 0 when 'edit' then 1 else 2 end`,
  created_at: projectPermissions.createdAt,
  updated_at: projectPermissions.updatedAt,
} as const;

function selectPermissions(database: Database, where: SQL | undefined) {
  return database
    .select({ ...getTableColumns(projectPermissions), username: users.username, userAlias: users.alias })
    .from(projectPermissions)
    .innerJoin(users, eq(users.id, projectPermissions.userId))
    .innerJoin(projects, eq(projects.id, projectPermissions.projectId))
    .where(where)
    .$dynamic();
}

/**
 * The grants on a project, one page of them, and how many there are: all of them for whoever may manage
 * them (owner and `edit`), their own for other collaborators.
 */
export async function listProjectPermissions(
  database: Database,
  scope: Scope,
  projectId: string,
  { page, limit, sortBy, sortOrder }: ProjectPermissionListOptions,
): Promise<{ rows: ProjectPermissionRow[]; total: number }> {
  const where = and(
    eq(projectPermissions.projectId, projectId),
    or(
      projectVisible(database, scope, 'edit'),
      and(eq(projectPermissions.userId, scope.userId), projectVisible(database, scope, 'read')),
    ),
  );
  const order = sortOrder === 'asc' ? asc : desc;
  const [rows, totals] = await database.batch([
    selectPermissions(database, where)
      .orderBy(order(SORT_COLUMNS[sortBy]), order(projectPermissions.id))
      .limit(limit)
      .offset((page - 1) * limit),
    database
      .select({ total: count() })
      .from(projectPermissions)
      .innerJoin(projects, eq(projects.id, projectPermissions.projectId))
      .where(where),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

export type ProjectPermissionChange =
  | { readonly kind: 'done'; readonly permission: ProjectPermissionRow }
  | { readonly kind: 'missing_project' | 'missing_permission' | 'missing_user' | 'deleting' }
  /** The caller may not manage grants, or not grants of a level above their own. */
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'is_owner' | 'exists' };

export interface NewProjectPermission {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  readonly level: AccessLevel;
}

/**
 * The condition under which the caller may give or take a grant of a level: they own the project, or have
 * `edit` on it and at least that level themself. Nobody hands out more than they have.
 */
function managesLevel(database: Database, scope: Scope, level: AccessLevel): SQL {
  return projectVisible(database, scope, level === 'delete' ? 'delete' : 'edit');
}

/** As {@link managesLevel}, for the level that a stored grant has. */
function managesGrant(database: Database, scope: Scope): SQL | undefined {
  return or(
    projectVisible(database, scope, 'delete'),
    and(projectVisible(database, scope, 'edit'), sql`${projectPermissions.level} <> 'delete'`),
  );
}

/** Shares a project with a user, together with `event`. The same id again finds its own grant. */
export async function addProjectPermission(
  database: Database,
  scope: Scope,
  grant: NewProjectPermission,
  event: NewEvent,
): Promise<ProjectPermissionChange> {
  const { id, projectId, userId, level } = grant;
  const { now } = event;
  const results = await database.batch([
    database.run(sql`
      insert into ${projectPermissions} (id, project_id, user_id, level, created_at, updated_at)
      select ${id}, ${projects.id}, ${users.id}, ${level}, ${now}, ${now}
      from ${projects} join ${users} on ${users.id} = ${userId}
      where ${and(
        eq(projects.id, projectId),
        isNull(projects.deletingSince),
        sql`${projects.userId} <> ${userId}`,
        managesLevel(database, scope, level),
      )}
      on conflict do nothing`),
    eventStatement(database, event, sql`changes() > 0`),
    selectPermissions(
      database,
      and(
        eq(projectPermissions.projectId, projectId),
        eq(projectPermissions.userId, userId),
        projectVisible(database, scope, 'edit'),
      ),
    ),
    projectOf(database, scope, projectId),
    database.select({ id: users.id }).from(users).where(eq(users.id, userId)),
  ]);
  const project = results[3][0];
  if (project === undefined) return { kind: 'missing_project' };
  if (!accessIncludes(toRow(project).access, level === 'delete' ? 'delete' : 'edit')) {
    return { kind: 'forbidden' };
  }
  const permission = results[2][0];
  if (permission !== undefined)
    return permission.id === id ? { kind: 'done', permission } : { kind: 'exists' };
  if (results[4].length === 0) return { kind: 'missing_user' };
  return { kind: project.userId === userId ? 'is_owner' : 'deleting' };
}

/** Gives a grant another level, together with `event`. */
export async function updateProjectPermission(
  database: Database,
  scope: Scope,
  grant: Omit<NewProjectPermission, 'userId'>,
  event: NewEvent,
): Promise<ProjectPermissionChange> {
  const { id, projectId, level } = grant;
  const target = and(eq(projectPermissions.id, id), eq(projectPermissions.projectId, projectId));
  const manageable = sql`exists (select 1 from ${projects} where ${and(
    eq(projects.id, projectId),
    isNull(projects.deletingSince),
    managesLevel(database, scope, level),
    managesGrant(database, scope),
  )})`;
  const results = await database.batch([
    database.update(projectPermissions).set({ level, updatedAt: event.now }).where(and(target, manageable)),
    eventStatement(database, event, sql`changes() > 0`),
    projectOf(database, scope, projectId),
    selectPermissions(database, and(target, projectVisible(database, scope, 'read'))),
    recorded(database, event.id),
  ]);
  const permission = results[3][0];
  const wasDone = results[4][0]?.recorded === 1;
  return outcome(results[2][0], permission, wasDone);
}

/** Takes a grant back, together with `event`; the collaborator sees nothing of the project from then on. */
export async function removeProjectPermission(
  database: Database,
  scope: Scope,
  grant: Pick<NewProjectPermission, 'id' | 'projectId'>,
  event: NewEvent,
): Promise<ProjectPermissionChange> {
  const { id, projectId } = grant;
  const target = and(eq(projectPermissions.id, id), eq(projectPermissions.projectId, projectId));
  const manageable = sql`exists (select 1 from ${projects} where ${and(
    eq(projects.id, projectId),
    isNull(projects.deletingSince),
    managesGrant(database, scope),
  )})`;
  const results = await database.batch([
    selectPermissions(database, and(target, projectVisible(database, scope, 'read'))),
    projectOf(database, scope, projectId),
    database.delete(projectPermissions).where(and(target, manageable)),
    eventStatement(database, event, sql`changes() > 0`),
    recorded(database, event.id),
  ]);
  return outcome(results[1][0], results[0][0], results[4][0]?.recorded === 1);
}

/** The project as the caller sees it, deleting or not. */
function projectOf(database: Database, scope: Scope, projectId: string) {
  return selectProjects(
    database,
    scope,
    and(eq(projects.id, projectId), projectVisible(database, scope, 'read')),
  );
}

function recorded(database: Database, eventId: string) {
  return database.all<{ recorded: number }>(sql`select ${eventRecorded(database, eventId)} as recorded`);
}

function outcome(
  project: Parameters<typeof toRow>[0] | undefined,
  permission: ProjectPermissionRow | undefined,
  wasDone: boolean,
): ProjectPermissionChange {
  if (project === undefined) return { kind: 'missing_project' };
  if (wasDone && permission !== undefined) return { kind: 'done', permission };
  // Who may not manage grants learns nothing of whether there is this one.
  if (!accessIncludes(toRow(project).access, 'edit')) return { kind: 'forbidden' };
  if (permission === undefined) return { kind: 'missing_permission' };
  return { kind: project.deletingSince === null ? 'forbidden' : 'deleting' };
}
