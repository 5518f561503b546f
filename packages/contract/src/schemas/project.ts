import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { ContainerStats } from './container-stats.ts';
import { ProjectPermission } from './project-permission.ts';
import {
  Color,
  ColorInput,
  Count,
  ObjectId,
  PagePagination,
  QueryBooleanDefaultFalse,
  RealmIds,
  SortOrder,
  Timestamp,
  pageQuery,
} from './scalars.ts';

export const PROJECT_ALIAS_LENGTH_MAX = 100;

const ProjectAlias = lazy(() =>
  z
    .string()
    .min(1)
    .max(PROJECT_ALIAS_LENGTH_MAX)
    .refine((alias) => alias.trim() !== '' && !/[\n\r\0]/.test(alias), {
      error: 'may not be blank nor hold line feeds',
    }),
);
/** null: no limit. */
const MaxContainers = lazy(() => z.number().int().min(0).nullable());

export const CreateProjectBody = lazy(() =>
  z.strictObject({
    alias: ProjectAlias(),
    color: ColorInput().nullish(),
    max_containers: MaxContainers().optional(),
    realm_ids: RealmIds().optional(),
  }),
);

/** An absent field stays as it is. */
export const UpdateProjectBody = lazy(() =>
  z.strictObject({
    alias: ProjectAlias().optional(),
    color: ColorInput().optional(),
    max_containers: MaxContainers().optional(),
    realm_ids: RealmIds().optional(),
  }),
);

export const Project = lazy(() =>
  z.object({
    id: ObjectId(),
    user_id: ObjectId(),
    alias: z.string(),
    color: Color(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
    max_containers: Count().nullable(),
    is_default: z.boolean(),
    realm_ids: RealmIds(),
  }),
);

export const ProjectDetail = lazy(() =>
  Project().extend({ permissions: z.array(ProjectPermission()).optional() }),
);

export const ProjectListData = lazy(() =>
  z.object({ projects: z.array(Project()), pagination: PagePagination() }),
);

export const ListProjectsQuery = lazy(() =>
  z.object({
    ...pageQuery(10),
    sort_by: z.enum(['id', 'alias', 'created_at', 'updated_at']).default('created_at'),
    sort_order: SortOrder().default('desc'),
    realm_id: ObjectId().optional(),
  }),
);

export const GetProjectQuery = lazy(() => z.object({ include_permissions: QueryBooleanDefaultFalse() }));

export const DeleteProjectQuery = lazy(() => z.object({ include_deleted_items: QueryBooleanDefaultFalse() }));

export const ProjectDeleted = lazy(() =>
  z.object({
    deleted: z.object({ containers: Count(), permissions: Count(), aliases: Count() }),
    deleted_items: z
      .object({ containers: z.array(z.object({ id: ObjectId(), name: z.string() })).optional() })
      .optional(),
  }),
);

/** A container that can't be measured is there with its ids only. */
export const ProjectStats = lazy(() =>
  z.object({
    stats: z.array(ContainerStats().partial().required({ id: true })),
    summary: z.object({
      project_id: ObjectId(),
      project_name: z.string().nullable().optional(),
      container_count: Count(),
      total_processing_time: z.string(),
    }),
  }),
);
