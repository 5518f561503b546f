import { describe, expect, it } from 'vitest';
import { PERMISSION_LEAVES } from '../permissions.ts';
import { CreateAuthTokenBody } from './auth-token.ts';
import { LoginBody, SignupBody } from './authentication.ts';
import {
  CreateContainerBody,
  GetContainerQuery,
  ListContainersQuery,
  SshPublicKey,
  StatusLogsQuery,
  UpdateContainerBody,
} from './container-requests.ts';
import { ListPublicImagesQuery } from './image.ts';
import { OperationQuery } from './operation.ts';
import { CreateProjectBody, GetProjectQuery } from './project.ts';
import { CreateSnapshotBody } from './snapshot.ts';
import { TokenPermissions } from './token-permissions.ts';

const SERVER_ID = 'ab'.repeat(12);
const create = (fields: Record<string, unknown>) =>
  CreateContainerBody().safeParse({ server_id: SERVER_ID, ...fields });

describe('a container at create', () => {
  it('has the defaults of the contract', () => {
    expect(CreateContainerBody().parse({ server_id: SERVER_ID })).toEqual({
      server_id: SERVER_ID,
      ai: true,
      hoody_kit: true,
      autostart: true,
      ramdisk: true,
      ramdisk_scope: 'container',
      cache: true,
      cache_image: false,
      prespawn: false,
      bypass_prespawn: false,
      kvm: false,
    });
  });

  it('takes the first call of the documentation, fractions of a core, and null for what is not wanted', () => {
    expect(create({ name: 'dev-box', container_image: 'debian/13', cpu: 2, memory: 4 }).success).toBe(true);
    expect(create({ cpu: 0.25, memory: 0.5 }).success).toBe(true);
    const nothing = { name: null, color: null, container_image: null, comment: null, ssh_public_key: null };
    expect(create({ ...nothing, cpu: null, memory: null, environment_vars: null }).success).toBe(true);
  });

  it.each([
    { server_id: 'AB'.repeat(12) },
    { server_id: undefined },
    { name: 'ab' },
    { name: 'a'.repeat(101) },
    { name: 'white space' },
    { name: 'name\n' },
    { color: '#12345' },
    { cpu: 0 },
    { cpu: -1 },
    { cpu: 257 },
    { cpu: '2' },
    { memory: 0 },
    { memory: 4097 },
    { ai: 'true' },
    { comment: 'x'.repeat(16_001) },
    { realm_ids: ['nope'] },
    { environment_vars: { LD_PRELOAD: '/x' } },
    { environment_vars: ['a'] },
    { unknown: 1 },
    { kvm: true, dev_kvm: false },
  ])('refuses %j', (fields) => {
    expect(create(fields).success).toBe(false);
  });

  it('reads dev_kvm as kvm', () => {
    expect(create({ dev_kvm: true }).data).toMatchObject({ kvm: true });
    expect(create({ dev_kvm: true, kvm: true }).data).not.toHaveProperty('dev_kvm');
  });

  it.each(['#abc', 'abc', '#AABBCC', 'aabbcc'])('takes the colour %s', (color) => {
    expect(create({ color }).success).toBe(true);
  });
});

describe('an SSH public key', () => {
  const body = 'AAAAC3NzaC1lZDI1NTE5AAAAIDxJ0n3';
  it.each([`ssh-ed25519 ${body}`, ` ssh-rsa ${body}= me@home \n`, `ecdsa-sha2-nistp256 ${body}== a b c`])(
    'is taken and trimmed: %j',
    (key) => {
      expect(SshPublicKey().parse(key)).toBe(key.trim());
    },
  );
  it.each([
    '',
    'ssh-ed25519',
    `ssh-ed25519 ${body}\nssh-rsa ${body}`,
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    'x y',
  ])('is refused: %j', (key) => {
    expect(SshPublicKey().safeParse(key).success).toBe(false);
  });
});

describe('an update of a container', () => {
  it('may be empty, clears with null, allows names of one character', () => {
    expect(UpdateContainerBody().safeParse({}).success).toBe(true);
    expect(
      UpdateContainerBody().safeParse({ ssh_public_key: null, comment: null, cpu: null, name: 'a' }).success,
    ).toBe(true);
    expect(UpdateContainerBody().safeParse({ name: '' }).success).toBe(false);
  });
});

describe('query strings', () => {
  it('become numbers and booleans; unknown parameters are left out', () => {
    const query = ListContainersQuery().parse({
      page: '3',
      include_expired: 'true',
      include_deleting: 'false',
      x: '1',
    });
    expect(query).toEqual({
      page: 3,
      limit: 50,
      sort_by: 'created_at',
      sort_order: 'desc',
      include_expired: true,
      include_deleting: false,
    });
    expect(GetProjectQuery().parse({ include_permissions: 'true' })).toEqual({ include_permissions: true });
    expect(ListPublicImagesQuery().parse({ min_rating: '4.5' })).toMatchObject({
      min_rating: 4.5,
      limit: 20,
    });
  });

  it.each([
    { page: '0' },
    { page: '-1' },
    { page: '1.5' },
    { page: '' },
    { page: '1e3' },
    { page: '0x10' },
    { page: '9'.repeat(30) },
    { limit: '101' },
    { limit: 'all' },
    { sort_by: 'secret' },
    { sort_order: 'up' },
    { realm_id: 'x' },
    { include_expired: 'yes' },
    { include_expired: true },
    { runtime: '{' },
    { runtime: '[]' },
    { runtime: 'null' },
  ])('refuse %j', (query) => {
    expect(ListContainersQuery().safeParse(query).success).toBe(false);
  });

  it('of the status log fall back to the default order, as nowhere else', () => {
    expect(StatusLogsQuery().parse({ sort_by: 'nonsense' })).toMatchObject({
      sort_by: 'transition_time',
      limit: 10,
    });
  });

  it('select sections of the runtime', () => {
    const sections = (runtime: string): unknown => GetContainerQuery().parse({ runtime }).runtime;
    const all = ['displays', 'services', 'network_services', 'terminals'];
    expect(sections('false')).toEqual([]);
    expect(sections('true')).toEqual(all);
    expect(sections('{}')).toEqual(all);
    expect(sections('{"services":true,"terminals":{"limit":1},"displays":false}')).toEqual([
      'services',
      'terminals',
    ]);
  });

  it('bound the wait for an operation to 60 seconds', () => {
    expect(OperationQuery().parse({})).toEqual({ wait: 0 });
    expect(OperationQuery().parse({ wait: '60' })).toEqual({ wait: 60 });
    expect(OperationQuery().safeParse({ wait: '61' }).success).toBe(false);
  });
});

describe('other bodies', () => {
  it('of projects: alias and quota', () => {
    const accepted = (fields: Record<string, unknown>): boolean =>
      CreateProjectBody().safeParse({ alias: 'main', ...fields }).success;
    expect(accepted({ max_containers: 0 }) && accepted({ max_containers: null })).toBe(true);
    for (const bad of [{ alias: '' }, { alias: '   ' }, { alias: 'a\nb' }, { alias: 'a'.repeat(101) }]) {
      expect(accepted(bad)).toBe(false);
    }
    for (const bad of [{ max_containers: -1 }, { max_containers: 1.5 }, { max_containers: '3' }]) {
      expect(accepted(bad)).toBe(false);
    }
  });

  it('of snapshots: whole days up to ten years', () => {
    const accepted = (fields: unknown): boolean => CreateSnapshotBody().safeParse(fields).success;
    expect(accepted({}) && accepted({ expiry: 3650, alias: 'x', stateful: false })).toBe(true);
    expect(accepted({ expiry: 0 }) || accepted({ expiry: 3651 }) || accepted({ expiry: 1.5 })).toBe(false);
  });

  it('of the login: one of username and email', () => {
    const accepted = (fields: Record<string, unknown>): boolean =>
      LoginBody().safeParse({ password: 'long enough', ...fields }).success;
    expect(accepted({ email: 'A@example.com' }) && accepted({ username: 'ann' })).toBe(true);
    expect(accepted({})).toBe(false);
    expect(accepted({ email: 'a@example.com', password: 'short' })).toBe(false);
    expect(SignupBody().safeParse({ email: 'nobody', password: 'x'.repeat(12) }).success).toBe(false);
    expect(SignupBody().safeParse({ email: 'a@example.com', password: 'x'.repeat(11) }).success).toBe(false);
  });

  it('of auth tokens: aliases, expiries, bounded storage', () => {
    const accepted = (fields: unknown): boolean => CreateAuthTokenBody().safeParse(fields).success;
    expect(accepted({}) && accepted({ alias: 'ci 1_-', expires_at: 'tomorrow', ip_whitelist: '*' })).toBe(
      true,
    );
    expect(accepted({ public_storage: { text: 'x'.repeat(65_536) } })).toBe(false);
    for (const bad of [
      { alias: 'ä' },
      { alias: '' },
      { expires_at: -1 },
      { permissions: { containers: { fly: true } } },
    ]) {
      expect(accepted(bad)).toBe(false);
    }
  });

  it('of permissions: a tree with exactly the known leaves', () => {
    const tree: Record<string, unknown> = {};
    for (const leaf of PERMISSION_LEAVES) {
      const names = leaf.split('.');
      let node = tree;
      for (const name of names.slice(0, -1)) node = (node[name] ??= {}) as Record<string, unknown>;
      node[names.at(-1) ?? ''] = true;
    }
    expect(TokenPermissions().parse(tree)).toEqual(tree);
    const leaves = (value: unknown, path: string): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, child]) =>
            leaves(child, path === '' ? name : `${path}.${name}`),
          )
        : [path];
    expect(leaves(TokenPermissions().parse(tree), '').toSorted()).toEqual([...PERMISSION_LEAVES].toSorted());
  });
});
