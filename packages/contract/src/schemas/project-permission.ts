import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { ObjectId, PagePagination, SortOrder, Timestamp, pageQuery } from './scalars.ts';

/** Ordered: each level includes those before it. */
const PermissionLevel = lazy(() => z.enum(['read', 'edit', 'delete']));

/** A collaborator's grant on a project. */
export const ProjectPermission = lazy(() =>
  z.object({
    id: ObjectId(),
    project_id: ObjectId(),
    user_id: ObjectId(),
    permission_level: PermissionLevel(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
    user: z
      .object({ id: ObjectId(), username: z.string().optional(), alias: z.string().optional() })
      .optional(),
  }),
);

/** Names one grant on one project. */
export const ProjectPermissionParams = lazy(() =>
  z.strictObject({ id: ObjectId(), permissionId: ObjectId() }),
);

export const ListProjectPermissionsQuery = lazy(() =>
  z.object({
    ...pageQuery(20),
    sort_by: z.enum(['id', 'user_id', 'permission_level', 'created_at', 'updated_at']).default('created_at'),
    sort_order: SortOrder().default('asc'),
  }),
);

export const ProjectPermissionListData = lazy(() =>
  z.object({ permissions: z.array(ProjectPermission()), pagination: PagePagination() }),
);

export const AddProjectPermissionBody = lazy(() =>
  z.strictObject({ user_id: ObjectId(), permission_level: PermissionLevel() }),
);

export const UpdateProjectPermissionBody = lazy(() =>
  z.strictObject({ permission_level: PermissionLevel() }),
);
