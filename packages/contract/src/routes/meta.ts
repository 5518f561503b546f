import { type RouteDefinition, defineRoute } from '../route.ts';
import * as meta from '../schemas/meta.ts';

const tag = 'meta';

export const metaGetPublicKey = defineRoute({
  operationId: 'meta.getPublicKey',
  method: 'GET',
  path: '/api/v1/meta/public-key',
  tag,
  summary: 'Get the public keys that answers and claims are signed with',
  auth: 'public',
  success: [200],
  data: meta.PublicKeys,
  errors: ['SIGNING_NOT_CONFIGURED'],
});

export const metaGetSocialStats = defineRoute({
  operationId: 'meta.getSocialStats',
  method: 'GET',
  path: '/api/v1/meta/social-stats',
  tag,
  summary: "Get the numbers of the project's followers; null where unknown",
  auth: 'public',
  success: [200],
  data: meta.SocialStats,
  errors: [],
});

export const metaGetOpenApi = defineRoute({
  operationId: 'meta.getOpenApi',
  method: 'GET',
  path: '/api/v1/openapi.json',
  tag,
  summary: 'Get this description of the API',
  auth: 'public',
  success: [200],
  contentType: 'application/json',
  errors: [],
  extension: true,
});

export const metaGetDocs = defineRoute({
  operationId: 'meta.getDocs',
  method: 'GET',
  path: '/api/v1/docs',
  tag,
  summary: 'Read this description of the API in a browser',
  auth: 'public',
  success: [200],
  contentType: 'text/html',
  errors: [],
  extension: true,
});

export const META_ROUTES: readonly RouteDefinition[] = [
  metaGetPublicKey,
  metaGetSocialStats,
  metaGetOpenApi,
  metaGetDocs,
];
