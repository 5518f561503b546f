/** The comparison itself: it must see each kind of departure, or the conformance test protects nothing. */
import { describe, expect, it } from 'vitest';
import { compareContract } from './compare-contract.ts';

interface Overrides {
  readonly operationId?: string;
  readonly parameters?: readonly unknown[];
  readonly request?: unknown;
  readonly requestRequired?: boolean;
  readonly data?: unknown;
  readonly status?: string;
  readonly codes?: readonly string[];
  readonly security?: readonly unknown[];
  readonly permissions?: readonly { readonly leaf: string }[];
}

const request = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 3, maxLength: 100, pattern: '^[a-z]+$' },
    comment: { type: ['string', 'null'] },
    mode: { type: 'string', enum: ['one', 'two'] },
  },
  required: ['name'],
};
const data = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    size: { type: 'number' },
    state: { type: 'string', enum: ['on', 'off'] },
  },
  required: ['id'],
};
const limit = { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100, default: 20 } };

function document(overrides: Overrides = {}): unknown {
  return {
    openapi: '3.1.0',
    paths: {
      '/things/{id}': {
        put: {
          operationId: overrides.operationId ?? 'things.change',
          tags: ['things'],
          parameters: overrides.parameters ?? [limit],
          requestBody: {
            required: overrides.requestRequired ?? false,
            content: { 'application/json': { schema: overrides.request ?? request } },
          },
          responses: {
            [overrides.status ?? '200']: {
              content: {
                'application/json': {
                  schema: {
                    type: 'object',
                    properties: { data: overrides.data ?? { $ref: '#/components/schemas/Thing' } },
                  },
                },
              },
            },
            '409': { 'x-error-codes': overrides.codes ?? ['IN_USE'] },
          },
          security: overrides.security ?? [{ jwt: [] }, { basic: [] }],
          'x-token-permission': overrides.permissions ?? [{ leaf: 'things.update' }],
        },
      },
    },
    components: { schemas: { Thing: data } },
  };
}

const places = (served: Overrides, contract: Overrides = {}): string[] =>
  compareContract(document(contract), document(served), ['things']).map(({ at }) => at);

const changed = (name: string, schema: unknown) => ({
  request: { ...request, properties: { ...request.properties, [name]: schema } },
});
const answered = (name: string, schema: unknown) => ({
  data: { ...data, properties: { ...data.properties, [name]: schema } },
});

describe('compareContract', () => {
  it('finds nothing between a document and itself', () => {
    expect(places({})).toEqual([]);
  });

  it('takes additions: fields, parameters, wider bounds, more credentials, more codes', () => {
    expect(
      places({
        parameters: [
          { ...limit, schema: { type: 'number', maximum: 500, default: 20 } },
          { name: 'wait', in: 'query' },
        ],
        request: {
          ...request,
          properties: {
            ...request.properties,
            name: { anyOf: [{ type: 'string', maxLength: 200 }, { type: 'null' }] },
            extra: { type: 'boolean' },
          },
          additionalProperties: false,
        },
        data: {
          type: 'object',
          properties: { ...data.properties, size: { type: 'integer' }, extra: { type: 'string' } },
          required: ['id', 'size', 'extra'],
        },
        codes: ['IN_USE', 'BUSY'],
        security: [{ basic: [] }, { jwt: [] }, { authToken: [] }],
      }),
    ).toEqual([]);
  });

  it('sees an operation that is not served, and one under another id', () => {
    const empty = { openapi: '3.1.0', paths: {}, components: {} };
    expect(compareContract(document(), empty, ['things'])).toMatchObject([
      { operationId: 'things.change', at: 'operation' },
    ]);
    expect(places({ operationId: 'things.alter' })).toEqual(['operationId']);
  });

  it('leaves out operations of other tags', () => {
    expect(compareContract(document(), { paths: {}, components: {} }, ['others'])).toEqual([]);
  });

  it.each<[string, Overrides, string]>([
    [
      'a field that is not known',
      { request: { type: 'object', properties: {}, additionalProperties: false } },
      'request.name:unknown',
    ],
    [
      'a field that became required',
      { request: { ...request, required: ['name', 'mode'] } },
      'request.mode:required',
    ],
    ['a body that became required', { requestRequired: true }, 'request:required'],
    ['another type', changed('comment', { type: ['number', 'null'] }), 'request.comment:type'],
    ['null refused', changed('comment', { type: 'string' }), 'request.comment:type'],
    ['a shorter bound', changed('name', { type: 'string', maxLength: 50 }), 'request.name:maxLength'],
    ['a longer minimum', changed('name', { type: 'string', minLength: 4 }), 'request.name:minLength'],
    ['another pattern', changed('name', { type: 'string', pattern: '^[a-f]+$' }), 'request.name:pattern'],
    ['fewer values', changed('mode', { type: 'string', enum: ['one'] }), 'request.mode:enum'],
    [
      'a new bound',
      changed('comment', { type: ['string', 'null'], maxLength: 9 }),
      'request.comment:maxLength',
    ],
  ])('sees in a request: %s', (_, served, at) => {
    expect(places(served)).toContain(at);
  });

  it.each<[string, Overrides, string]>([
    [
      'a field that is gone',
      { data: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } },
      'response.200.data.size:missing',
    ],
    ['a field that became optional', { data: { ...data, required: [] } }, 'response.200.data.id:required'],
    ['another type', answered('size', { type: 'string' }), 'response.200.data.size:type'],
    [
      'a null that was not promised',
      answered('size', { type: ['number', 'null'] }),
      'response.200.data.size:type',
    ],
    [
      'a value that was not promised',
      answered('state', { type: 'string', enum: ['on', 'standby'] }),
      'response.200.data.state:enum',
    ],
    ['free text instead of values', answered('state', { type: 'string' }), 'response.200.data.state:enum'],
    ['another status', { status: '201' }, 'response.200'],
    ['a code that is gone', { codes: [] }, 'response.409.IN_USE'],
  ])('sees in a response: %s', (_, served, at) => {
    expect(places(served)).toContain(at);
  });

  it.each<[string, Overrides, string]>([
    ['a parameter that is gone', { parameters: [] }, 'query.limit:unknown'],
    [
      'a parameter that became required',
      { parameters: [{ ...limit, required: true }] },
      'query.limit:required',
    ],
    [
      'a new parameter that is required',
      { parameters: [limit, { name: 'q', in: 'query', required: true }] },
      'query.q:required',
    ],
    [
      'a lower maximum',
      { parameters: [{ ...limit, schema: { type: 'integer', maximum: 50, default: 20 } }] },
      'query.limit:maximum',
    ],
    [
      'another default',
      { parameters: [{ ...limit, schema: { type: 'integer', maximum: 100, default: 50 } }] },
      'query.limit:default',
    ],
    ['a credential that is refused', { security: [{ jwt: [] }] }, 'auth'],
    ['a route that is open', { security: [] }, 'auth:open'],
    ['another permission', { permissions: [{ leaf: 'things.read' }] }, 'permission.things.update'],
  ])('sees %s', (_, served, at) => {
    expect(places(served)).toContain(at);
  });

  it('sees a credential demanded on a public route', () => {
    expect(places({}, { security: [] })).toContain('auth');
  });

  it('refuses what is no OpenAPI document', () => {
    expect(() => compareContract(document(), { hello: 'world' })).toThrow();
  });
});
