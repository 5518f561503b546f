import { type RouteDefinition, defineRoute } from '../route.ts';
import * as activity from '../schemas/activity.ts';

const tag = 'activity';

export const activityList = defineRoute({
  operationId: 'activity.list',
  method: 'GET',
  path: '/api/v1/users/auth/activity',
  tag,
  summary: "List the caller's authenticated requests, newest first",
  auth: 'bearer',
  query: activity.ListActivityQuery,
  success: [200],
  data: activity.ActivityListData,
  extra: activity.metadataPagination,
  errors: [],
});

export const activityGetStats = defineRoute({
  operationId: 'activity.getStats',
  method: 'GET',
  path: '/api/v1/users/auth/activity/stats',
  tag,
  summary: 'Get the size and age of the activity log',
  auth: 'bearer',
  success: [200],
  data: activity.ActivityStatsData,
  errors: [],
});

export const ACTIVITY_ROUTES: readonly RouteDefinition[] = [activityList, activityGetStats];
