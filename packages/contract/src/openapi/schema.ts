/** From zod to the JSON Schema 2020-12 that OpenAPI 3.1 speaks. */
import * as z from 'zod';
import { ContainerStatus } from '../container-status.ts';
import type { RouteDefinition } from '../route.ts';
import { AuthToken, AuthTokenIntrospection } from '../schemas/auth-token.ts';
import { Container } from '../schemas/container.ts';
import { ContainerRuntimeInfo } from '../schemas/container-runtime.ts';
import { ContainerStats } from '../schemas/container-stats.ts';
import { Operation } from '../schemas/operation.ts';
import { Project } from '../schemas/project.ts';
import { ProxyPermissionsDocument } from '../schemas/proxy-permissions.ts';
import { PagePagination } from '../schemas/scalars.ts';
import { Snapshot } from '../schemas/snapshot.ts';
import { TokenPermissions } from '../schemas/token-permissions.ts';
import { CurrentUser, User } from '../schemas/user.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Schemas that several answers share, under the names that they have in the description. */
const SHARED: Readonly<Record<string, () => z.ZodType>> = {
  AuthToken,
  AuthTokenIntrospection,
  Container,
  ContainerRuntimeInfo,
  ContainerStats,
  ContainerStatus,
  CurrentUser,
  Operation,
  PagePagination,
  Project,
  ProxyPermissionsDocument,
  Snapshot,
  TokenPermissions,
  User,
};

/** The named schemas of a description, and the reference to any of them. */
export interface SchemaCatalogue {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** Reference to the `data` of an operation. */
  readonly dataOf: (route: RouteDefinition) => JsonSchema;
  /** Reference to the body of an operation's request. */
  readonly bodyOf: (route: RouteDefinition) => JsonSchema;
}

const uri = (id: string): string => `#/components/schemas/${id}`;

/** `containers.listSnapshots` → `ContainersListSnapshots`. */
export function pascalCase(operationId: string): string {
  return operationId.replaceAll(/(?:^|[._-])(\w)/g, (_, letter: string) => letter.toUpperCase());
}

type Direction = 'input' | 'output';

/**
 * Leaves out what a format says already and what is only a limit of the language. Answers stay open: a
 * client must bear fields that it doesn't know.
 */
function tidy(io: Direction) {
  return ({
    zodSchema,
    jsonSchema: schema,
  }: {
    zodSchema: z.core.$ZodTypes;
    jsonSchema: JsonSchema;
  }): void => {
    // zod leaves a default out of the input where a value is read from a text before it is checked.
    if (zodSchema instanceof z.ZodDefault) schema.default = zodSchema.def.defaultValue;
    if (schema.format === 'date-time' || schema.format === 'email') delete schema.pattern;
    if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
    if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
    if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
  };
}

/** One schema by itself, as it is accepted (`input`) or answered (`output`). */
export function jsonSchema(schema: z.ZodType, io: Direction): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, override: tidy(io) });
  return rest;
}

function named(registry: z.core.$ZodRegistry<{ id: string }>, io: Direction): [string, JsonSchema][] {
  const { schemas } = z.toJSONSchema(registry, { io, uri, override: tidy(io) });
  return Object.entries(schemas).map(([name, schema]) => {
    const { $schema: _, $id: __, ...rest } = schema;
    return [name, rest];
  });
}

/** Names each body and each answer of the routes; what several share stands in it once. */
export function catalogue(routes: readonly RouteDefinition[]): SchemaCatalogue {
  const answers = z.registry<{ id: string }>();
  const bodies = z.registry<{ id: string }>();
  const claim = (registry: typeof answers, schema: z.ZodType, id: string): void => {
    if (!registry.has(schema)) registry.add(schema, { id });
  };
  for (const [name, schema] of Object.entries(SHARED)) claim(answers, schema(), name);
  for (const route of routes) {
    const name = pascalCase(route.operationId);
    if (route.data !== undefined) claim(answers, route.data(), `${name}Data`);
    if (route.body !== undefined) claim(bodies, route.body(), `${name}Request`);
  }
  const reference = (registry: typeof answers, schema: z.ZodType): JsonSchema => {
    const id = registry.get(schema)?.id;
    if (id === undefined) throw new Error('a schema of the route table was not named');
    return { $ref: uri(id) };
  };
  return {
    schemas: {
      ...Object.fromEntries([...named(answers, 'output'), ...named(bodies, 'input')]),
      Error: errorSchema,
      ValidationError: validationErrorSchema,
    },
    dataOf: (route) => (route.data === undefined ? { type: 'null' } : reference(answers, route.data())),
    bodyOf: (route) => (route.body === undefined ? {} : reference(bodies, route.body())),
  };
}

const errorSchema: JsonSchema = {
  type: 'object',
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string', description: 'The reason phrase of the status, or the code itself' },
    code: { type: 'string', description: 'Stable code of the error' },
    message: { type: 'string' },
    data: { description: 'Machine-readable detail' },
  },
  required: ['statusCode', 'error', 'code', 'message'],
};

const validationErrorSchema: JsonSchema = {
  allOf: [
    { $ref: uri('Error') },
    {
      type: 'object',
      properties: {
        data: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              instancePath: { type: 'string', description: 'JSON pointer to the refused field' },
              message: { type: 'string' },
            },
            required: ['instancePath', 'message'],
          },
        },
      },
    },
  ],
};
