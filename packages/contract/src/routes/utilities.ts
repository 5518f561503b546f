import { type RouteDefinition, defineRoute } from '../route.ts';
import { IpInfo } from '../schemas/ip-info.ts';

export const utilitiesGetIpInfo = defineRoute({
  operationId: 'utilities.getIpInfo',
  method: 'GET',
  path: '/api/v1/ip',
  tag: 'utilities',
  summary: 'Get what the server sees of the caller',
  auth: 'public',
  success: [200],
  data: IpInfo,
  errors: [],
});

export const UTILITY_ROUTES: readonly RouteDefinition[] = [utilitiesGetIpInfo];
