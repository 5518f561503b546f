import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { CONTAINER_OPERATIONS } from '../container-status.ts';
import { ERRORS } from '../errors.ts';
import { PERMISSION_LEAVES } from '../permissions.ts';
import { routeErrors } from '../route-errors.ts';
import type { RouteDefinition } from '../route.ts';
import * as routes from './index.ts';
import { ROUTES } from './index.ts';

/** Ids of the routes that break a rule: each test expects none. */
function offenders(breaks: (route: RouteDefinition) => boolean): string[] {
  return ROUTES.filter(breaks).map(({ operationId }) => operationId);
}

const templateNames = (path: string): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
const sorted = (names: readonly string[]): string => names.toSorted().join();

function bodySchema(route: RouteDefinition) {
  return route.body === undefined ? undefined : z.toJSONSchema(route.body(), { io: 'input' });
}
const bodyFields = (route: RouteDefinition): string[] => Object.keys(bodySchema(route)?.properties ?? {});

describe('each route', () => {
  it('has an id of the form tag.verbNoun, a path under /api/v1 and a summary', () => {
    expect(offenders(({ operationId }) => !/^[a-z][A-Za-z]*\.[a-z][A-Za-z_]*$/.test(operationId))).toEqual(
      [],
    );
    expect(offenders(({ path }) => !/^\/api\/v1\/[a-zA-Z0-9/{}._-]*$/.test(path))).toEqual([]);
    expect(offenders(({ summary }) => summary === '')).toEqual([]);
    expect(offenders(({ operationId, tag }) => !operationId.startsWith(`${tag}.`) && tag !== 'meta')).toEqual(
      [],
    );
  });

  it('describes exactly the parameters of its path', () => {
    const described = ({ params }: RouteDefinition): string[] =>
      params === undefined ? [] : Object.keys(params().shape);
    expect(offenders((route) => sorted(described(route)) !== sorted(templateNames(route.path)))).toEqual([]);
  });

  it('has a body only where HTTP gives one a meaning', () => {
    const bodiless = ['GET', 'DELETE'];
    // The contract has it so: removing a second factor takes the password, which belongs into no URL.
    expect(offenders(({ method, body }) => bodiless.includes(method) && body !== undefined)).toEqual([
      'tfa.disable',
    ]);
    expect(offenders(({ bodyOptional, body }) => bodyOptional === true && body === undefined)).toEqual([]);
  });

  it('answers PATCH as well when it is a PUT, and only then', () => {
    expect(offenders(({ method, patchTwin }) => (method === 'PUT') !== (patchTwin === true))).toEqual([]);
  });

  it('answers with success statuses, and with data or with a content type of its own', () => {
    const isSuccess = (status: number): boolean => (status >= 200 && status <= 299) || status === 302;
    expect(offenders(({ success }) => !success.every(isSuccess))).toEqual([]);
    expect(offenders(({ contentType, data }) => contentType !== undefined && data !== undefined)).toEqual([]);
  });

  it('names only codes of the registry, each once', () => {
    const known = new Set<string>(Object.keys(ERRORS));
    expect(offenders(({ errors }) => new Set(errors).size !== errors.length)).toEqual([]);
    expect(offenders((route) => routeErrors(route).some((code) => !known.has(code)))).toEqual([]);
  });

  it('gives codes of their own only to fields that it has, and immutability to those it has not', () => {
    expect(
      offenders((route) => {
        const places = new Set([
          ...bodyFields(route).map((field) => `body.${field}`),
          ...templateNames(route.path).map((name) => `params.${name}`),
        ]);
        return Object.keys(route.fieldErrors ?? {}).some((place) => !places.has(place));
      }),
    ).toEqual([]);
    expect(
      offenders((route) =>
        bodyFields(route).some((field) => route.immutableFields?.includes(field) === true),
      ),
    ).toEqual([]);
  });

  it('refuses unknown fields of its body, unless the keys are the content', () => {
    expect(
      offenders((route) => {
        const schema = bodySchema(route);
        return schema !== undefined && schema.additionalProperties !== false;
      }),
    ).toEqual(['env.bulkSet']);
  });

  it('can be described: input and output', () => {
    expect(() => {
      for (const { params, query, data, extra } of ROUTES) {
        if (params !== undefined) z.toJSONSchema(params(), { io: 'input' });
        if (query !== undefined) z.toJSONSchema(query(), { io: 'input' });
        if (data !== undefined) z.toJSONSchema(data(), { io: 'output' });
        if (extra !== undefined) z.toJSONSchema(z.object(extra()), { io: 'output' });
      }
    }).not.toThrow();
  });

  it('tells how a host can fail it when it can be answered asynchronously', () => {
    const codes = ['HOST_UNAVAILABLE', 'OPERATION_TIMEOUT', 'CONTAINER_HOST_COMMAND_FAILED'] as const;
    expect(
      offenders(
        ({ asynchronous, errors }) => asynchronous === true && codes.some((code) => !errors.includes(code)),
      ),
    ).toEqual([]);
  });

  it('demands a leaf of the tree, or none; never one of a caller without a credential', () => {
    const leaves = new Set<string>(PERMISSION_LEAVES);
    expect(offenders(({ permission }) => typeof permission === 'string' && !leaves.has(permission))).toEqual(
      [],
    );
    expect(
      offenders(
        ({ auth, permission }) =>
          ['public', 'refresh', 'temp-token', 'device-cookie'].includes(auth) && permission !== undefined,
      ),
    ).toEqual([]);
  });
});

describe('the route table', () => {
  it('has each id once, and each method and path once, twins included', () => {
    const places = ROUTES.flatMap(({ method, path, patchTwin }) => {
      // Two templates that differ only in a parameter's name, or in a last slash, are the same path.
      const shape = path.replaceAll(/\{\w+\}/g, '{}').replace(/\/$/, '');
      return patchTwin === true ? [`${method} ${shape}`, `PATCH ${shape}`] : [`${method} ${shape}`];
    });
    expect(new Set(places).size).toBe(places.length);
    expect(new Set(ROUTES.map(({ operationId }) => operationId)).size).toBe(ROUTES.length);
  });

  it('holds every route that the package exports', () => {
    const exported = Object.values<unknown>(routes).filter(
      (value) => typeof value === 'object' && value !== null && 'operationId' in value,
    );
    expect(new Set(ROUTES)).toEqual(new Set(exported));
  });

  it('demands the leaf of the operation; pause and force-stop need stop, resume needs start', () => {
    const permission: RouteDefinition['permission'] = routes.containersManage.permission;
    const leafOf = (operation: string): unknown =>
      typeof permission === 'function' ? permission({ operation }) : permission;
    expect(CONTAINER_OPERATIONS.map(leafOf)).toEqual([
      'containers.actions.start',
      'containers.actions.stop',
      'containers.actions.stop',
      'containers.actions.restart',
      'containers.actions.stop',
      'containers.actions.start',
    ]);
    expect(leafOf('explode')).toBeUndefined();
    expect(leafOf('constructor')).toBeUndefined();
  });
});
