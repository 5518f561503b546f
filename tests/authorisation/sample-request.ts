/** A well-formed request for any route, made from the route's own schemas. */
import type { RouteDefinition } from '@control-plane/contract';
import * as z from 'zod';

/** What stands for a path parameter or a member of a body, wherever it has that name. */
export type Values = Readonly<Record<string, unknown>>;

/** Parameters of paths by name, when no value is given for them. */
const PARAMETERS: Readonly<Record<string, string>> = {
  operation: 'stop',
  key: 'SAMPLE',
  name: 'snap-20260101-000000',
  public_key: 'ab'.repeat(32),
  permissionId: 'f'.repeat(24),
  id: 'f'.repeat(24),
};

/** Bodies that their schema alone does not lead to. */
const BODIES: Readonly<Record<string, unknown>> = {
  'authTokens.updatePublicProfile': { public_storage: {} },
  'env.bulkSet': { SAMPLE: 'value' },
  'containers.setContainerKvm': { kvm: true },
  'rentals.extend': { expected_rental_end: '2026-01-01T00:00:00.000Z', additional_days: 30 },
};

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The smallest value that a JSON schema takes, as far as it can be seen from the schema. */
function sampleOf(schema: JsonSchema | boolean, values: Values): unknown {
  if (typeof schema === 'boolean') return 'sample';
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [branch] = schema.anyOf ?? schema.oneOf ?? [];
  if (branch !== undefined) return sampleOf(branch, values);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [
          name,
          values[name] ?? sampleOf(schema.properties?.[name] ?? true, values),
        ]),
      );
    case 'array':
      return [];
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'null':
      return null;
    default:
      return sampleText(schema);
  }
}

/** The patterns of the contract are all of hex digits or of letters. */
function sampleText({ pattern, minLength = 1, format }: JsonSchema): string {
  if (format === 'email') return 'sample@example.test';
  const candidates = [24, 64, minLength].map((length) => 'a'.repeat(length));
  const fits = (text: string) => pattern === undefined || new RegExp(pattern).test(text);
  return candidates.toReversed().find(fits) ?? 'sample';
}

export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** A request that reaches the route; its body is as good as can be seen from the schema. */
export function roughRequest(route: RouteDefinition, values: Values = {}): SampleRequest {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? PARAMETERS[name];
    if (typeof value !== 'string')
      throw new Error(`${route.operationId}: no sample for the parameter ${name}`);
    return value;
  });
  if (route.body === undefined) return { method: route.method, path };
  const body = BODIES[route.operationId] ?? sampleOf(z.toJSONSchema(route.body(), { io: 'input' }), values);
  return { method: route.method, path, body };
}

/**
 * A request that the route's schemas take.
 *
 * @throws Error when no sample is found: the new route needs a line in PARAMETERS or BODIES
 */
export function sampleRequest(route: RouteDefinition, values: Values = {}): SampleRequest {
  const request = roughRequest(route, values);
  const checked = route.body?.().safeParse(request.body);
  if (checked?.success === false) {
    throw new Error(`${route.operationId}: no sample body was found: ${checked.error.message}`);
  }
  return request;
}

/** The routes of the table, and the PATCH twins that some of them have. */
export function withTwins(routes: readonly RouteDefinition[]): RouteDefinition[] {
  return routes.flatMap((route) =>
    route.patchTwin === true ? [route, { ...route, method: 'PATCH' as const }] : [route],
  );
}
