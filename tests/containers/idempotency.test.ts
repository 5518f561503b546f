/** `Idempotency-Key` on POST: the same request twice is one effect and one answer. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, type Container } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: () => Promise<void>;
let api: ApiClient;

beforeAll(async () => {
  ({ stack, release } = await temporaryStack());
  api = new ApiClient(stack);
});
afterAll(() => release());

const withKey = (key: string) => ({ headers: { 'idempotency-key': key } });

describe('Idempotency-Key', () => {
  it('replays the first answer byte for byte and makes nothing new', async () => {
    const key = randomUUID();
    const first = await api.create({ name: 'once' }, withKey(key));
    const { project_id: projectId, server_id: serverId } = stack.bootstrap;
    const body = { server_id: serverId, hoody_kit: false, ramdisk: false, name: 'once' };
    const again = await api.expect<Container>(
      201,
      'POST',
      `/projects/${projectId}/containers`,
      body,
      withKey(key),
    );
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body.data).toEqual(first);
    const listed = await api.expect<{ pagination: { total: number } }>(200, 'GET', '/containers');
    expect(listed.body.data.pagination.total).toBe(1);
  });

  it('refuses the key for another body, and malformed keys', async () => {
    const key = randomUUID();
    await api.expect(201, 'POST', '/projects/', { alias: `a-${key}` }, withKey(key));
    const reused = await api.expect(422, 'POST', '/projects/', { alias: `b-${key}` }, withKey(key));
    expect(reused.body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const malformed = await api.expect(
      400,
      'POST',
      '/projects/',
      { alias: `c-${key}` },
      withKey('k'.repeat(256)),
    );
    expect(malformed.body.code).toBe('IDEMPOTENCY_KEY_INVALID');
  });

  it('of ten at once one acts; the others are told to wait or get its answer', async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        api.call<{ id: string }>('POST', '/projects/', { alias: `race-${key}` }, withKey(key)),
      ),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ body }) => body.data.id)).size).toBe(1);
    for (const { status, body, headers } of answers) {
      if (status === 201) continue;
      expect(body).toMatchObject({ statusCode: 409, code: 'IDEMPOTENCY_KEY_IN_USE' });
      expect(headers['retry-after']).toBe('1');
    }
  });

  it("keeps one caller's keys apart from another's", async () => {
    const key = randomUUID();
    const [user] = stack.bootstrap.users;
    const login = await new ApiClient(stack, '').expect<{ token: string }>(200, 'POST', '/users/auth/login', {
      email: user?.email,
      password: user?.password,
    });
    const other = new ApiClient(stack, login.body.data.token);
    const mine = await api.expect<{ id: string }>(201, 'POST', '/projects/', { alias: 'same' }, withKey(key));
    const theirs = await other.expect<{ id: string }>(
      201,
      'POST',
      '/projects/',
      { alias: 'same' },
      withKey(key),
    );
    expect(theirs.body.data.id).not.toBe(mine.body.data.id);
  });

  it('repeats an operation as its first outcome, not as a second operation', async () => {
    const { id } = await api.createRunning();
    const key = randomUUID();
    const first = await api.expect(200, 'POST', `/containers/${id}/stop`, undefined, withKey(key));
    await api.expect(200, 'POST', `/containers/${id}/start`);
    const again = await api.expect(200, 'POST', `/containers/${id}/stop`, undefined, withKey(key));
    expect(again.body).toEqual(first.body);
    expect((await api.get(id)).status).toBe('running');
  });
});
