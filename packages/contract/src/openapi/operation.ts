/** One operation object of the description, from one route of the table. */
import * as z from 'zod';
import { ERRORS, type ErrorCode, reasonPhrase, wireCode } from '../errors.ts';
import { routeErrors } from '../route-errors.ts';
import type { RouteAuth, RouteDefinition } from '../route.ts';
import { type JsonSchema, type SchemaCatalogue, jsonSchema } from './schema.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

interface MediaTypes {
  readonly [contentType: string]: { readonly schema: JsonSchema };
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content?: MediaTypes;
  readonly 'x-error-codes'?: readonly string[];
}

export interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: MediaTypes };
  readonly responses: Readonly<Record<string, ResponseObject>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-token-permission'?: readonly { readonly leaf: string; readonly when?: string }[];
  readonly 'x-twin-of'?: string;
  readonly 'x-extension'?: true;
}

const bearer = [{ jwt: [] }, { authToken: [] }, { basic: [] }];
const SECURITY: Record<RouteAuth, OperationObject['security']> = {
  public: [],
  bearer,
  jwt: [{ jwt: [] }],
  'auth-token': [{ authToken: [] }],
  // The refresh token in the body is enough; sending it as the credential as well is allowed.
  refresh: [{ refreshJwt: [] }, {}],
  'active-or-banned': bearer,
  'temp-token': [{ tempToken: [] }],
  'body-or-temp-token': [{ tempToken: [] }, {}],
  'device-cookie': [{ deviceVerifyCookie: [] }],
};

/** The operation of a route; `catalogue` must have been built from a table that holds it. */
export function operationObject(route: RouteDefinition, catalogue: SchemaCatalogue): OperationObject {
  const parameters = parametersOf(route);
  const permission = permissionsOf(route);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyOptional !== true,
            content: {
              [route.formBody === true ? 'application/x-www-form-urlencoded' : 'application/json']: {
                schema: catalogue.bodyOf(route),
              },
            },
          },
        }),
    responses: { ...successResponses(route, catalogue), ...errorResponses(route) },
    security: SECURITY[route.auth],
    ...(permission.length > 0 ? { 'x-token-permission': permission } : {}),
    ...(route.extension === true ? { 'x-extension': true } : {}),
  };
}

/** The PATCH that does the same as a PUT. */
export function patchTwin(operation: OperationObject): OperationObject {
  return { ...operation, operationId: `${operation.operationId}.patch`, 'x-twin-of': operation.operationId };
}

function shapeParameters(shape: z.ZodObject, place: 'path' | 'query'): Parameter[] {
  const { properties, required } = jsonSchema(shape, 'input');
  return Object.entries(properties ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || (required ?? []).includes(name),
    schema: typeof schema === 'boolean' ? {} : schema,
  }));
}

function parametersOf(route: RouteDefinition): Parameter[] {
  const parameters = [
    ...(route.params === undefined ? [] : shapeParameters(route.params(), 'path')),
    ...(route.query === undefined ? [] : shapeParameters(route.query(), 'query')),
  ];
  if (route.method === 'POST') {
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'Repeats of a request with the same key and body get the first answer, for 24 hours',
      schema: { type: 'string', maxLength: 255 },
    });
  }
  if (route.asynchronous === true) {
    parameters.push({
      name: 'Prefer',
      in: 'header',
      required: false,
      description: '`respond-async`: answer 202 and the operation instead of waiting for its outcome',
      schema: { type: 'string' },
    });
  }
  return parameters;
}

function envelope(status: number, data: JsonSchema, extra?: z.ZodRawShape): JsonSchema {
  const beside = extra === undefined ? {} : jsonSchema(z.object(extra), 'output');
  return {
    type: 'object',
    properties: {
      statusCode: { type: 'integer', const: status },
      message: { type: 'string' },
      data,
      ...beside.properties,
    },
    required: ['statusCode', 'message', 'data', ...(beside.required ?? [])],
  };
}

const SUCCESS_PHRASES: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function successResponses(
  route: RouteDefinition,
  catalogue: SchemaCatalogue,
): Record<string, ResponseObject> {
  const responses: Record<string, ResponseObject> = {};
  for (const status of route.success) {
    if (status === 302) {
      responses[status] = {
        description: 'Found',
        headers: { Location: { description: 'Where the sign-in goes on', schema: { type: 'string' } } },
      };
      continue;
    }
    responses[status] = {
      description: SUCCESS_PHRASES[status] ?? 'Success',
      content: contentOf(route, status, catalogue),
    };
  }
  if (route.asynchronous === true) {
    responses['202'] = {
      description: 'Accepted: the operation goes on, ask for it at the URL in Location',
      headers: { Location: { description: 'URL of the operation', schema: { type: 'string' } } },
      content: {
        'application/json': { schema: envelope(202, { $ref: '#/components/schemas/Operation' }) },
      },
    };
  }
  return responses;
}

function contentOf(route: RouteDefinition, status: number, catalogue: SchemaCatalogue): MediaTypes {
  const { contentType } = route;
  if (contentType === undefined) {
    return { 'application/json': { schema: envelope(status, catalogue.dataOf(route), route.extra?.()) } };
  }
  if (contentType === 'application/json') return { [contentType]: { schema: { type: 'object' } } };
  const text: JsonSchema = contentType.startsWith('text/')
    ? { type: 'string' }
    : { type: 'string', format: 'binary' };
  return { [contentType]: { schema: text } };
}

/** Codes whose `data` is the list of refused fields, if they have any. */
function isInputError(code: ErrorCode): boolean {
  return (
    code.startsWith('INVALID_') ||
    code === 'VALIDATION_ERROR' ||
    code === 'MISSING_REQUIRED_FIELD' ||
    code === 'IMMUTABLE_FIELD' ||
    code === 'IDEMPOTENCY_KEY_INVALID'
  );
}

function errorResponses(route: RouteDefinition): Record<string, ResponseObject> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of routeErrors(route)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Record<string, ResponseObject> = {};
  for (const [status, codes] of [...byStatus].toSorted(([one], [other]) => one - other)) {
    const name = status === 400 && codes.every(isInputError) ? 'ValidationError' : 'Error';
    responses[status] = {
      description: reasonPhrase(status),
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
      'x-error-codes': codes.map(wireCode),
    };
  }
  return responses;
}

function permissionsOf(route: RouteDefinition): { leaf: string; when?: string }[] {
  const { permission } = route;
  if (permission === undefined) return [];
  if (typeof permission === 'string') return [{ leaf: permission }];
  if (route.params === undefined) return [];
  return shapeParameters(route.params(), 'path').flatMap(({ name, schema }) =>
    (schema.enum ?? []).flatMap((value) => {
      const leaf = permission({ [name]: String(value) });
      return leaf === undefined ? [] : [{ leaf, when: `${name}=${String(value)}` }];
    }),
  );
}
