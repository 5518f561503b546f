import { Validator } from '@seriousme/openapi-schema-validator';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { ERRORS, wireCode } from '../errors.ts';
import { defineRoute } from '../route.ts';
import { ROUTES } from '../routes/index.ts';
import { buildOpenApi } from './index.ts';

const build = () => buildOpenApi(ROUTES, { serverUrl: 'https://api.example.com/', version: '1.2.3' });

describe('buildOpenApi', () => {
  it('is valid OpenAPI 3.1 and survives JSON', async () => {
    const document = build();
    const json: unknown = JSON.parse(JSON.stringify(document));
    expect(json).toEqual(document);
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)));
    expect(result).toMatchObject({ valid: true });
  });

  it('resolves every reference that it makes', () => {
    const document = build();
    const names = Object.keys(document.components.schemas);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, found]) => found);
    expect(references.length).toBeGreaterThan(100);
    expect(
      references.filter((found) => !names.some((name) => found === `#/components/schemas/${name}`)),
    ).toEqual([]);
  });

  it('holds each route under its method and path', () => {
    const { paths } = build();
    const found = ROUTES.map(({ method, path }) => {
      const operations = Object.entries(paths[path] ?? {});
      return operations.find(([key]) => key.toUpperCase() === method)?.[1].operationId;
    });
    expect(found).toEqual(ROUTES.map(({ operationId }) => operationId));
  });

  it('holds each PUT a second time as PATCH', () => {
    const { paths } = build();
    const twins = ROUTES.filter(({ patchTwin }) => patchTwin === true);
    expect(twins.length).toBeGreaterThan(0);
    for (const { path, operationId } of twins) {
      expect(paths[path]?.patch).toEqual({
        ...paths[path]?.put,
        operationId: `${operationId}.patch`,
        'x-twin-of': operationId,
      });
    }
  });

  it('groups the codes of errors by their status', () => {
    const spelled = new Map<string, number[]>();
    for (const [code, { status }] of Object.entries(ERRORS)) {
      const name = code in ERRORS ? wireCode(code as keyof typeof ERRORS) : code;
      spelled.set(name, [...(spelled.get(name) ?? []), status]);
    }
    for (const item of Object.values(build().paths)) {
      for (const operation of Object.values(item)) {
        for (const [status, response] of Object.entries(operation.responses)) {
          for (const code of response['x-error-codes'] ?? [])
            expect(spelled.get(code)).toContain(Number(status));
        }
      }
    }
  });

  it('wraps data in the envelope and puts extra keys beside it', () => {
    const schema =
      build().paths['/api/v1/auth/tokens']?.get?.responses['200']?.content?.['application/json']?.schema;
    expect(schema).toMatchObject({
      properties: { statusCode: { const: 200 }, truncated: { type: 'boolean' } },
      required: ['statusCode', 'message', 'data', 'truncated'],
    });
  });

  it('tells what a token needs for each operation, and that commands can be answered with 202', () => {
    const manage = build().paths['/api/v1/containers/{id}/{operation}']?.post;
    expect(manage?.['x-token-permission']).toContainEqual({
      leaf: 'containers.actions.stop',
      when: 'operation=pause',
    });
    expect(Object.keys(manage?.responses ?? {})).toContain('202');
    expect(manage?.parameters?.map(({ name }) => name)).toEqual([
      'id',
      'operation',
      'Idempotency-Key',
      'Prefer',
    ]);
  });

  it('offers the base host and its realms as servers', () => {
    expect(build().servers.map(({ url }) => url)).toEqual([
      'https://api.example.com',
      'https://{realm}.api.example.com',
    ]);
  });

  it('shows defaults of numbers that are read from a query string', () => {
    const limit = build().paths['/api/v1/projects/']?.get?.parameters?.find(({ name }) => name === 'limit');
    expect(limit?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 100, default: 10 });
  });

  it('leaves answers open for fields to come and requests closed', () => {
    const { Project, ProjectsCreateRequest } = build().components.schemas;
    expect(Project).not.toHaveProperty('additionalProperties');
    expect(ProjectsCreateRequest?.additionalProperties).toBe(false);
  });

  it('describes answers that are no envelope', () => {
    const route = defineRoute({
      operationId: 'things.getPicture',
      method: 'GET',
      path: '/things/{id}/picture',
      tag: 'things',
      summary: 'A picture',
      auth: 'public',
      params: () => z.strictObject({ id: z.string() }),
      success: [200],
      contentType: 'image/png',
      errors: [],
    });
    const operation = buildOpenApi([route], { serverUrl: 'http://localhost', version: '1' }).paths[route.path]
      ?.get;
    expect(operation?.responses['200']?.content).toEqual({
      'image/png': { schema: { type: 'string', format: 'binary' } },
    });
    expect(operation?.security).toEqual([]);
  });
});
