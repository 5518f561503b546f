import { type RouteDefinition, defineRoute } from '../route.ts';
import * as project from '../schemas/project.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'projects';
const fieldErrors = {
  'body.alias': 'INVALID_ALIAS_FORMAT',
  'body.color': 'INVALID_COLOR_FORMAT',
  'body.max_containers': 'INVALID_QUOTA_VALUE',
} as const;
const fieldCodes = ['INVALID_ALIAS_FORMAT', 'INVALID_COLOR_FORMAT', 'INVALID_QUOTA_VALUE'] as const;

export const projectsList = defineRoute({
  operationId: 'projects.list',
  method: 'GET',
  path: '/api/v1/projects/',
  tag,
  summary: 'List the projects that the caller can see',
  auth: 'bearer',
  permission: 'projects.read',
  query: project.ListProjectsQuery,
  success: [200],
  data: project.ProjectListData,
  errors: [],
});

export const projectsCreate = defineRoute({
  operationId: 'projects.create',
  method: 'POST',
  path: '/api/v1/projects/',
  tag,
  summary: 'Create a project',
  auth: 'bearer',
  permission: 'projects.create',
  body: project.CreateProjectBody,
  success: [201],
  data: project.Project,
  errors: ['MISSING_REQUIRED_FIELD', ...fieldCodes, 'DUPLICATE_ALIAS'],
  fieldErrors,
});

export const projectsGet = defineRoute({
  operationId: 'projects.get',
  method: 'GET',
  path: '/api/v1/projects/{id}',
  tag,
  summary: 'Get a project',
  auth: 'bearer',
  permission: 'projects.read',
  params: IdParams,
  query: project.GetProjectQuery,
  success: [200],
  data: project.ProjectDetail,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const projectsUpdate = defineRoute({
  operationId: 'projects.update',
  method: 'PUT',
  path: '/api/v1/projects/{id}',
  tag,
  summary: 'Change fields of a project',
  auth: 'bearer',
  permission: 'projects.update',
  params: IdParams,
  body: project.UpdateProjectBody,
  success: [200],
  data: project.Project,
  errors: [...fieldCodes, 'RESOURCE_NOT_FOUND', 'DUPLICATE_ALIAS', 'PROJECT_DELETION_IN_PROGRESS'],
  fieldErrors,
  patchTwin: true,
});

export const projectsDelete = defineRoute({
  operationId: 'projects.delete',
  method: 'DELETE',
  path: '/api/v1/projects/{id}',
  tag,
  summary: 'Delete a project with its containers, grants and aliases',
  auth: 'bearer',
  permission: 'projects.delete',
  params: IdParams,
  query: project.DeleteProjectQuery,
  success: [200],
  data: project.ProjectDeleted,
  errors: [
    'DEFAULT_PROJECT_PROTECTED',
    'RESOURCE_NOT_FOUND',
    'PROJECT_DELETION_IN_PROGRESS',
    'CONTAINER_HOST_COMMAND_FAILED',
    'HOST_UNAVAILABLE',
    'OPERATION_TIMEOUT',
  ],
});

export const projectsGetStats = defineRoute({
  operationId: 'projects.getStats',
  method: 'GET',
  path: '/api/v1/projects/{id}/stats',
  tag,
  summary: "Measure what a project's containers use now",
  auth: 'bearer',
  permission: 'projects.read',
  params: IdParams,
  success: [200],
  data: project.ProjectStats,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const PROJECT_ROUTES: readonly RouteDefinition[] = [
  projectsList,
  projectsCreate,
  projectsGet,
  projectsUpdate,
  projectsDelete,
  projectsGetStats,
];
