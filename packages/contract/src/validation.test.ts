import { describe, expect, it } from 'vitest';
import type { RouteDefinition } from './route.ts';
import {
  authTokensCreate,
  containersCreate,
  containersCreateSnapshot,
  containersList,
  containersManage,
  containersUpdate,
  envBulkSet,
  envSet,
  operationsGet,
  projectsCreate,
} from './routes/index.ts';
import { type RawInput, parseInput } from './validation.ts';

const ID = '0123456789abcdef01234567';

function refusal(route: RouteDefinition, raw: Partial<RawInput>) {
  const parsed = parseInput(route, { params: {}, query: {}, body: undefined, ...raw });
  return parsed.ok ? undefined : parsed.error;
}

describe('parseInput', () => {
  it('gives the typed input of a route', () => {
    const parsed = parseInput(containersManage, {
      params: { id: ID, operation: 'start' },
      query: { any: '1' },
      body: {},
    });
    expect(parsed).toEqual({
      ok: true,
      value: { params: { id: ID, operation: 'start' }, query: {}, body: undefined },
    });
  });

  it.each<[string, RouteDefinition, Partial<RawInput>, string, string]>([
    [
      'a malformed id',
      containersManage,
      { params: { id: 'x', operation: 'start' } },
      'INVALID_ID_FORMAT',
      '/id',
    ],
    ['an id of the wrong length', operationsGet, { params: { id: ID } }, 'INVALID_ID_FORMAT', '/id'],
    [
      'an unknown operation',
      containersManage,
      { params: { id: ID, operation: 'explode' } },
      'VALIDATION_ERROR',
      '/operation',
    ],
    ['a page out of bounds', containersList, { query: { page: '0' } }, 'VALIDATION_ERROR', '/page'],
    [
      'a bad name',
      containersCreate,
      { params: { id: ID }, body: { server_id: ID, name: '!!!' } },
      'INVALID_CONTAINER_NAME',
      '/name',
    ],
    [
      'a bad id in a body',
      containersCreate,
      { params: { id: ID }, body: { server_id: 'x' } },
      'INVALID_ID_FORMAT',
      '/server_id',
    ],
    [
      'a bad key',
      containersUpdate,
      { params: { id: ID }, body: { ssh_public_key: 'x' } },
      'INVALID_PUBLIC_KEY_FORMAT',
      '/ssh_public_key',
    ],
    ['a missing field', projectsCreate, { body: {} }, 'MISSING_REQUIRED_FIELD', '/alias'],
    ['a null field', projectsCreate, { body: { alias: null } }, 'INVALID_ALIAS_FORMAT', '/alias'],
    [
      'a bad colour',
      projectsCreate,
      { body: { alias: 'a', color: 'red' } },
      'INVALID_COLOR_FORMAT',
      '/color',
    ],
    [
      'a bad quota',
      projectsCreate,
      { body: { alias: 'a', max_containers: -1 } },
      'INVALID_QUOTA_VALUE',
      '/max_containers',
    ],
    [
      'a bad expiry',
      authTokensCreate,
      { body: { expires_at: {} } },
      'INVALID_EXPIRATION_FORMAT',
      '/expires_at',
    ],
    ['an unknown field', projectsCreate, { body: { alias: 'a', 'x/y': 1 } }, 'VALIDATION_ERROR', '/x~1y'],
    ['a body that is a list', projectsCreate, { body: [] }, 'VALIDATION_ERROR', ''],
    [
      'a refused variable',
      envBulkSet,
      { params: { id: ID }, body: { LD_PRELOAD: '' } },
      'VALIDATION_ERROR',
      '/LD_PRELOAD',
    ],
    [
      'a refused variable in the path',
      envSet,
      { params: { id: ID, key: 'HOODY_X' }, body: { value: '' } },
      'VALIDATION_ERROR',
      '/key',
    ],
  ])('refuses %s by code and place', (_, route, raw, code, instancePath) => {
    expect(refusal(route, raw)).toMatchObject({ code, data: [{ instancePath }] });
  });

  it('tells why a variable is refused, not only that its key is', () => {
    const error = refusal(envBulkSet, { params: { id: ID }, body: { LD_PRELOAD: '/x' } });
    expect(error?.message).toBe("LD_PRELOAD: LD_PRELOAD is reserved and can't be set");
  });

  it('falls back to VALIDATION_ERROR when fields fail with different codes', () => {
    const error = refusal(projectsCreate, { body: { alias: 'a\nb', color: 'red' } });
    expect(error).toMatchObject({
      code: 'VALIDATION_ERROR',
      data: [{ instancePath: '/alias' }, { instancePath: '/color' }],
    });
  });

  it('names the immutable fields, whatever else is wrong', () => {
    const error = refusal(containersUpdate, {
      params: { id: ID },
      body: { server_id: ID, kvm: true, name: '!', nonsense: 1 },
    });
    expect(error).toMatchObject({
      code: 'IMMUTABLE_FIELD',
      message: "server_id, kvm can't be changed",
      data: [{ instancePath: '/server_id' }, { instancePath: '/kvm' }],
    });
    expect(refusal(containersUpdate, { params: { id: ID }, body: { nonsense: 1 } })?.code).toBe(
      'VALIDATION_ERROR',
    );
  });

  it('demands a body unless it is optional', () => {
    expect(refusal(projectsCreate, {})).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: 'a JSON body is required',
    });
    expect(refusal(containersCreateSnapshot, { params: { id: ID } })).toBeUndefined();
  });

  it('tells at most fifty issues', () => {
    const body = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field_${index}`, 1]));
    expect(refusal(projectsCreate, { body: { alias: 'a', ...body } })?.data).toHaveLength(50);
  });

  it('is not misled by names of the prototype', () => {
    const body: unknown = JSON.parse('{"alias":"a","__proto__":{"color":1},"constructor":1}');
    expect(refusal(projectsCreate, { body })?.code).toBe('VALIDATION_ERROR');
  });
});
