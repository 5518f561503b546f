/**
 * The OpenAPI 3.1 description of the API, built from the route table alone.
 *
 * Building it takes a few tens of milliseconds, so a worker does it on the first request for it and keeps
 * the result (see {@link lazy}), never at start-up.
 */
import type { HttpMethod, RouteDefinition } from '../route.ts';
import { type OperationObject, operationObject, patchTwin } from './operation.ts';
import { type JsonSchema, catalogue } from './schema.ts';

export type { OperationObject, Parameter, ResponseObject } from './operation.ts';
export type { JsonSchema } from './schema.ts';

export interface OpenApiOptions {
  /** Base URL under which the API is reached without a realm, for example `https://api.example.com`. */
  readonly serverUrl: string;
  readonly version: string;
}

interface ServerObject {
  readonly url: string;
  readonly description: string;
  readonly variables?: Readonly<Record<string, { readonly default: string; readonly description: string }>>;
}

type PathItem = Partial<Record<Lowercase<HttpMethod>, OperationObject>>;

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly ServerObject[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

const SECURITY_SCHEMES = {
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  authToken: { type: 'http', scheme: 'bearer', bearerFormat: 'hdy_' },
  basic: { type: 'http', scheme: 'basic' },
  refreshJwt: { type: 'http', scheme: 'bearer', bearerFormat: 'refresh-JWT' },
  tempToken: { type: 'http', scheme: 'bearer', bearerFormat: 'temp-or-intent-token' },
  deviceVerifyCookie: { type: 'apiKey', in: 'cookie', name: '__Host-device_verify' },
} as const;

/** The description of a route table. Throws only when the table itself is broken. */
export function buildOpenApi(routes: readonly RouteDefinition[], options: OpenApiOptions): OpenApiDocument {
  const schemas = catalogue(routes);
  const paths: Record<string, PathItem> = {};
  for (const route of routes) {
    const item = (paths[route.path] ??= {});
    const operation = operationObject(route, schemas);
    item[methodKey(route.method)] = operation;
    if (route.patchTwin === true) item.patch = patchTwin(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Container control plane API',
      version: options.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: servers(options.serverUrl),
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: { schemas: schemas.schemas, securitySchemes: SECURITY_SCHEMES },
  };
}

const METHOD_KEYS: Record<HttpMethod, Lowercase<HttpMethod>> = {
  GET: 'get',
  POST: 'post',
  PUT: 'put',
  PATCH: 'patch',
  DELETE: 'delete',
};

function methodKey(method: HttpMethod): Lowercase<HttpMethod> {
  return METHOD_KEYS[method];
}

function servers(serverUrl: string): ServerObject[] {
  const base = serverUrl.replace(/\/+$/, '');
  return [
    { url: base, description: 'Without a realm' },
    {
      url: base.replace(/^(https?:\/\/)/, '$1{realm}.'),
      description: 'Within a realm: only what carries it can be seen',
      variables: { realm: { default: '0'.repeat(24), description: '24 lower-case hex digits' } },
    },
  ];
}
