import { type RouteDefinition, defineRoute } from '../route.ts';
import { IdParams } from '../schemas/scalars.ts';
import * as usage from '../schemas/usage.ts';

export const containersGetUsage = defineRoute({
  operationId: 'containers.getUsage',
  method: 'GET',
  path: '/api/v1/containers/{id}/usage',
  tag: 'containers',
  summary: 'What a container used of a metered server, hour by hour',
  auth: 'bearer',
  permission: 'financial.billing.read',
  params: IdParams,
  query: usage.UsageQuery,
  success: [200],
  data: usage.ContainerUsage,
  errors: ['CONTAINER_NOT_FOUND'],
  extension: true,
});

export const projectsGetUsage = defineRoute({
  operationId: 'projects.getUsage',
  method: 'GET',
  path: '/api/v1/projects/{id}/usage',
  tag: 'projects',
  summary: 'What the containers of a project used of metered servers',
  auth: 'bearer',
  permission: 'financial.billing.read',
  params: IdParams,
  query: usage.UsageQuery,
  success: [200],
  data: usage.ProjectUsage,
  errors: ['RESOURCE_NOT_FOUND'],
  extension: true,
});

export const USAGE_ROUTES: readonly RouteDefinition[] = [containersGetUsage, projectsGetUsage];
