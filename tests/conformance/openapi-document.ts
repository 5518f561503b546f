/** Reads an OpenAPI document as far as the comparison needs it, whoever wrote it. */
import * as z from 'zod';

/** A JSON Schema; `boolean` schemas are read as `{}` (true) and `{not: {}}` (false). */
export interface Schema {
  readonly [keyword: string]: unknown;
}

const schema = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.looseObject({ schema: schema.optional() }));
const parameter = z.looseObject({
  name: z.string(),
  in: z.string(),
  required: z.boolean().default(false),
  schema: schema.default({}),
});
const security = z.array(z.record(z.string(), z.array(z.string())));
const operation = z.looseObject({
  operationId: z.string(),
  tags: z.array(z.string()).default([]),
  parameters: z.array(parameter).default([]),
  requestBody: z.looseObject({ required: z.boolean().default(false), content }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({ content: content.default({}), 'x-error-codes': z.array(z.string()).default([]) }),
  ),
  security: security.optional(),
  'x-twin-of': z.string().optional(),
  'x-token-permission': z.array(z.looseObject({ leaf: z.string() })).default([]),
});
const document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), schema).default({}) }),
  security: security.default([]),
});

export type OpenApi = z.infer<typeof document>;
export type Operation = z.infer<typeof operation>;

/** Throws when the value is no OpenAPI document. */
export function readDocument(value: unknown): OpenApi {
  return document.parse(value);
}

/** `METHOD path` to operation. */
export function operationsOf(openApi: OpenApi): Map<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [path, item] of Object.entries(openApi.paths)) {
    for (const [method, found] of Object.entries(item))
      operations.set(`${method.toUpperCase()} ${path}`, found);
  }
  return operations;
}

export function asSchema(value: unknown): Schema {
  if (value === false) return { not: {} };
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : {};
}

/**
 * The alternatives that a schema allows, each without references, unions and lists of types. An
 * alternative without `type` allows anything that its other keywords allow.
 */
export function alternatives(openApi: OpenApi, value: unknown): Schema[] {
  const found = asSchema(value);
  if (typeof found['$ref'] === 'string') {
    const name = found['$ref'].split('/').at(-1) ?? '';
    return alternatives(openApi, openApi.components.schemas[name]);
  }
  // A union whose branches only say which fields are required belongs to the object around it.
  const union = listOf(found['anyOf'] ?? found['oneOf']).map(asSchema);
  if (union.length > 0 && found['type'] === undefined) {
    return union.flatMap((branch) => alternatives(openApi, branch));
  }
  const parts = listOf(found['allOf']);
  if (parts.length > 0) return [merge(parts.flatMap((part) => alternatives(openApi, part)))];
  const types = listOf(found['type']);
  if (types.length > 0) return types.map((type) => ({ ...found, type }));
  if (found['properties'] !== undefined) return [{ ...found, type: 'object' }];
  if (found['const'] !== undefined)
    return [{ ...found, type: typeof found['const'], enum: [found['const']] }];
  return [found];
}

function merge(parts: readonly Schema[]): Schema {
  return {
    ...Object.assign({}, ...parts),
    properties: Object.assign({}, ...parts.map((part) => asSchema(part['properties']))),
    required: parts.flatMap((part) => listOf(part['required'])),
  };
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
