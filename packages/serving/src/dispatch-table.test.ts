import { ok, type HttpMethod, type RouteDefinition } from '@control-plane/contract';
import { describe, expect, it } from 'vitest';
import { DispatchTable } from './dispatch-table.ts';
import type { Operation } from './operation.ts';

function serve(method: HttpMethod, path: `/${string}`, patchTwin = false): Operation {
  const route: RouteDefinition = {
    operationId: `${method} ${path}`,
    method,
    path,
    tag: 'test',
    summary: '',
    auth: 'public',
    success: [200],
    errors: [],
    patchTwin,
  };
  return { route, handle: async () => ok({ message: '', data: null }) };
}

const table = new DispatchTable([
  serve('POST', '/things/{id}/{operation}'),
  serve('POST', '/things/{id}/copy'),
  serve('GET', '/things/'),
  serve('GET', '/things/{id}'),
  serve('GET', '/things/me'),
  serve('PUT', '/things/{id}', true),
  serve('PUT', '/things/{id}/env/{key}', true),
]);

function find(method: string, path: string): string {
  const match = table.find(method, path);
  return match.kind === 'found' ? match.operation.route.operationId : match.kind;
}

describe('DispatchTable', () => {
  it.each([
    ['GET', '/things', 'GET /things/'],
    ['GET', '/things/', 'GET /things/'],
    ['GET', '/things/me', 'GET /things/me'],
    ['GET', '/things/1', 'GET /things/{id}'],
    ['POST', '/things/1/copy', 'POST /things/{id}/copy'],
    ['POST', '/things/1/start', 'POST /things/{id}/{operation}'],
    ['PUT', '/things/1', 'PUT /things/{id}'],
    ['PATCH', '/things/1', 'PUT /things/{id}'],
    ['DELETE', '/things/1', 'wrong_method'],
    ['GET', '/others', 'missing'],
    ['GET', '/things/1/2/3/4', 'missing'],
    ['GET', '//things', 'missing'],
  ])('%s %s is %s', (method, path, expected) => {
    expect(find(method, path)).toBe(expected);
  });

  it('names the methods that a path answers', () => {
    const match = table.find('DELETE', '/things/1');
    expect(match.kind === 'wrong_method' ? match.allowed.toSorted() : match).toEqual(['GET', 'PATCH', 'PUT']);
  });

  it('gives parameters decoded, and leaves a malformed escape for the schema to refuse', () => {
    const params = (path: string) => {
      const match = table.find('PUT', path);
      return match.kind === 'found' ? match.params : match;
    };
    expect(params('/things/1/env/A%20B')).toEqual({ id: '1', key: 'A B' });
    expect(params('/things/1/env/%ZZ')).toEqual({ id: '1', key: '%ZZ' });
  });
});
