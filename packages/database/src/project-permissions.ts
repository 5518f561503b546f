import { and, asc, eq, getTableColumns, or } from 'drizzle-orm';
import type { Database } from './client.ts';
import { projectVisible } from './project-scope.ts';
import { projectPermissions, projects, users } from './schema.ts';
import type { Scope } from './scope.ts';

/** A collaborator's grant on a project. */
export interface ProjectPermissionRow extends Readonly<typeof projectPermissions.$inferSelect> {
  readonly username: string;
  readonly userAlias: string | null;
}

/**
 * The grants on a project, at most `limit`: all of them for whoever may manage them (owner and `edit`),
 * their own for other collaborators.
 */
export async function listProjectPermissions(
  database: Database,
  scope: Scope,
  projectId: string,
  limit: number,
): Promise<ProjectPermissionRow[]> {
  return database
    .select({ ...getTableColumns(projectPermissions), username: users.username, userAlias: users.alias })
    .from(projectPermissions)
    .innerJoin(users, eq(users.id, projectPermissions.userId))
    .innerJoin(projects, eq(projects.id, projectPermissions.projectId))
    .where(
      and(
        eq(projectPermissions.projectId, projectId),
        or(
          projectVisible(database, scope, 'edit'),
          and(eq(projectPermissions.userId, scope.userId), projectVisible(database, scope, 'read')),
        ),
      ),
    )
    .orderBy(asc(projectPermissions.createdAt), asc(projectPermissions.id))
    .limit(limit);
}
