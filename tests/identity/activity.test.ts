/** The log of authenticated requests: nothing is left out, nothing is told to others, nothing stays for ever. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpCall } from '../../scripts/stack/http-call.ts';
import { startStack } from '../../scripts/stack/stack.ts';
import { at, failed, openIdentityStage, type IdentityStage } from './identity-stage.ts';

const REALM = 'a1'.repeat(12);
const DAY_MS = 86_400_000;

let stage: IdentityStage;
beforeAll(async () => {
  stage = await openIdentityStage();
}, 90_000);
afterAll(() => stage?.release());

const list = (authorization: string, query = '', realm?: string) =>
  stage.call('GET', `/users/auth/activity${query}`, {
    authorization,
    ...(realm === undefined ? {} : { realm }),
  });

describe('the activity log', () => {
  it('holds every request of a caller, refused ones too, without their queries', async () => {
    const { id, bearer: authorization } = await stage.newPerson();
    await stage.call('GET', '/projects/?realm_id=nonsense', {
      authorization,
      headers: { 'user-agent': 'test/1' },
    });
    await stage.call('GET', `/containers/${'0'.repeat(24)}`, { authorization, realm: REALM });
    await stage.call('POST', '/projects/', { authorization, body: { alias: 'logged' } });
    await stage.call('GET', '/users/me', { authorization: 'Bearer nonsense' });
    await expect
      .poll(async () => at(await list(authorization, '?max_status=599&method=POST'), 'metadata', 'total'))
      .toBe(1);
    const errors = await list(authorization, '?errors_only=true');
    expect(at(errors, 'data')).toMatchObject([
      {
        user_id: id,
        method: 'GET',
        path: `/api/v1/containers/${'0'.repeat(24)}`,
        status_code: 404,
        realm_id: REALM,
        ip_address: expect.stringMatching(/^198\.51\./),
      },
      { method: 'GET', path: '/api/v1/projects/', status_code: 400, user_agent: 'test/1' },
    ]);
    expect(errors.json).toMatchObject({ metadata: { total: 2, page: 1, limit: 50, pages: 1 } });
    expect((await list(authorization, `?realm_id=${REALM}`)).json).toMatchObject({ metadata: { total: 1 } });
    expect((await list(authorization, '?end_date=2020-01-01')).json).toMatchObject({
      metadata: { total: 0 },
    });
    expect((await list(authorization, '?min_status=404&start_date=2020-01-01T00:00:00Z')).json).toMatchObject(
      { metadata: { total: 1 } },
    );
    const stats = await stage.call('GET', '/users/auth/activity/stats', { authorization });
    expect(stats).toMatchObject({ status: 200, json: { data: { retention_days: 90 } } });
    expect(at(stats, 'data', 'total_records')).toBeGreaterThanOrEqual(3);
    expect(at(stats, 'data', 'total_size_bytes')).toBeGreaterThan(300);
  });

  it.each(['?page=0', '?page=10002', '?limit=101', '?method=TRACE', '?start_date=soon', '?min_status=99'])(
    'refuses %s',
    async (query) => {
      expect(await list(`Bearer ${stage.stack.bootstrap.admin_token}`, query)).toMatchObject(
        failed(400, 'VALIDATION_ERROR'),
      );
    },
  );

  it("shows nobody another's, and on a realm's host that realm's only", async () => {
    const [ann, bob] = [await stage.newPerson(), await stage.newPerson()];
    await stage.call('GET', '/projects/', { authorization: ann.bearer });
    await stage.call('GET', '/projects/', { authorization: ann.bearer, realm: REALM });
    await expect
      .poll(async () => at(await list(ann.bearer, '', REALM), 'metadata', 'total'))
      .toBeGreaterThan(0);
    const inRealm = at(await list(ann.bearer, '', REALM), 'data') as { realm_id?: string }[];
    expect(new Set(inRealm.map((entry) => entry.realm_id))).toEqual(new Set([REALM]));
    const bobs = at(await list(bob.bearer), 'data') as { user_id: string }[];
    expect(bobs.filter((entry) => entry.user_id !== bob.id)).toEqual([]);
  });

  it('and the security history are kept as long as promised', async () => {
    const { id, bearer } = await stage.newPerson();
    const now = Date.now();
    const entry = { userId: id, method: 'GET', path: '/old', statusCode: 200, clientAddress: '192.0.2.1' };
    const login = { userId: id, clientAddress: '192.0.2.1', succeeded: true };
    await stage.database.insert(schema.activityLog).values([
      { ...entry, id: 'a'.repeat(24), createdAt: now - 91 * DAY_MS },
      { ...entry, id: 'b'.repeat(24), createdAt: now - 89 * DAY_MS },
    ]);
    await stage.database.insert(schema.loginHistory).values([
      { ...login, id: 'c'.repeat(24), createdAt: now - 181 * DAY_MS },
      { ...login, id: 'd'.repeat(24), createdAt: now - 179 * DAY_MS },
    ]);
    await stage.stack.runScheduled();
    const kept = await stage.database
      .select({ id: schema.activityLog.id })
      .from(schema.activityLog)
      .where(eq(schema.activityLog.path, '/old'));
    expect(kept).toEqual([{ id: 'b'.repeat(24) }]);
    const history = await stage.call('GET', '/users/me/security-history', { authorization: bearer });
    expect((at(history, 'data') as { id: string }[]).at(-1)?.id).toBe('d'.repeat(24));
  });
});

it('a clean stop loses no entry, however busy the stack was', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'control-plane-activity-'));
  const REQUESTS = 120;
  try {
    const first = await startStack({ dataDir, withDaemon: false });
    const authorization = `Bearer ${first.bootstrap.admin_token}`;
    const ask = (port: number, path: string) =>
      httpCall(port, { path: `/api/v1${path}`, host: first.apiDomain, headers: { authorization } });
    await Promise.all(Array.from({ length: REQUESTS }, () => ask(first.port, '/users/me')));
    await first.stop();
    const second = await startStack({ dataDir, withDaemon: false });
    try {
      const logged = await ask(second.port, '/users/auth/activity?limit=1');
      expect(at(logged, 'metadata', 'total')).toBe(REQUESTS);
    } finally {
      await second.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 90_000);
