import { type RouteDefinition, defineRoute } from '../route.ts';
import * as realm from '../schemas/realm.ts';

export const realmsList = defineRoute({
  operationId: 'realms.list',
  method: 'GET',
  path: '/api/v1/realms/',
  tag: 'realms',
  summary: "List the realms that the caller's resources carry",
  auth: 'bearer',
  permission: 'resources.realms',
  query: realm.ListRealmsQuery,
  success: [200],
  data: realm.RealmListData,
  errors: [],
});

export const REALM_ROUTES: readonly RouteDefinition[] = [realmsList];
