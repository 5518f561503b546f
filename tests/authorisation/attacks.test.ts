/** What somebody tries who wants more than they were given: forged credentials, spoofed places, odd bodies. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { schema } from '@control-plane/database';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../scripts/stack/http-call.ts';
import { loadSecrets } from '../../scripts/stack/secrets.ts';
import { MISSING_ID, OTHER_REALM, REALM, openWorld, type SharedProject, type World } from './world.ts';

let world: World;
let shared: SharedProject;
let session: string;
beforeAll(async () => {
  world = await openWorld();
  shared = await world.share();
  session = await world.session(world.owner);
}, 120_000);
afterAll(() => world?.release());

const at = (answer: HttpAnswer, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), answer.json);
const ME = { method: 'GET', path: '/api/v1/users/auth/me' };
const PROJECTS = { method: 'GET', path: '/api/v1/projects/' };

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined): Record<string, unknown> =>
  Object(JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8')));

describe('a forged session', () => {
  let header: Record<string, unknown>;
  let payload: Record<string, unknown>;
  let signature: string;
  let publicKey: { x: string; der: Buffer; pem: string };
  beforeAll(async () => {
    const [head, body, tail] = session.slice('Bearer '.length).split('.');
    header = decode(head);
    payload = decode(body);
    signature = tail ?? '';
    const { keys } = Object(JSON.parse((await loadSecrets(world.stack.data.secretsFile)).jwt_keys));
    const key = createPublicKey(createPrivateKey({ key: keys[0].jwk, format: 'jwk' }));
    publicKey = {
      x: keys[0].jwk.x,
      der: key.export({ type: 'spki', format: 'der' }),
      pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    };
  });

  const refused = async (token: string) => {
    const answer = await world.send({ ...ME, authorization: `Bearer ${token}` });
    expect({ status: answer.status, code: at(answer, 'code') }, `${token}`).toEqual({
      status: 401,
      code: 'INVALID_TOKEN',
    });
  };
  const text = (head: object, body: object) => `${encode(head)}.${encode(body)}`;

  it('is one that the API takes when nothing is changed', async () => {
    const answer = await world.send({ ...ME, authorization: `Bearer ${text(header, payload)}.${signature}` });
    expect(answer.status).toBe(200);
  });

  it.each(['none', 'None', 'nOnE', 'NONE', ''])('with algorithm %j is refused', async (alg) => {
    const unsigned = text({ ...header, alg }, payload);
    for (const tail of ['', signature, 'AA']) await refused(`${unsigned}.${tail}`);
  });

  it.each(['HS256', 'HS384', 'HS512'])(
    'signed by %s with the public key as secret is refused',
    async (alg) => {
      const unsigned = text({ ...header, alg }, payload);
      const secrets = [publicKey.x, Buffer.from(publicKey.x, 'base64url'), publicKey.der, publicKey.pem];
      for (const secret of secrets) {
        const mac = createHmac(`sha${alg.slice(2)}`, secret)
          .update(unsigned)
          .digest('base64url');
        await refused(`${unsigned}.${mac}`);
      }
    },
  );

  it('signed by a key of the attacker is refused, wherever it says that the key is', async () => {
    const { privateKey, publicKey: own } = generateKeyPairSync('ed25519');
    const jwk = own.export({ format: 'jwk' });
    const heads = [
      header,
      { ...header, jwk },
      { ...header, kid: 'mine', jwk },
      { ...header, jku: 'http://127.0.0.1:1/keys.json' },
      { ...header, x5u: 'http://127.0.0.1:1/key.pem' },
      { ...header, x5c: [Buffer.from('x').toString('base64')] },
      { alg: 'EdDSA', jwk },
    ];
    for (const head of heads) {
      const unsigned = text(head, payload);
      await refused(`${unsigned}.${sign(null, Buffer.from(unsigned), privateKey).toString('base64url')}`);
    }
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    '../../../dev/null',
    "' or '1'='1",
    '',
    'x'.repeat(2000),
    null,
    1,
    ['k'],
    { kid: 'k' },
  ])('with key id %j is refused', async (kid) => {
    await refused(`${text({ ...header, kid }, payload)}.${signature}`);
  });

  it('with anything changed in it is refused', async () => {
    const changes = [
      { sub: world.stranger },
      { gen: 0 },
      { gen: '1' },
      { exp: 9_999_999_999 },
      { typ: 'refresh' },
      { is_admin: true },
    ];
    for (const change of changes) await refused(`${text(header, { ...payload, ...change })}.${signature}`);
    await refused(`${text({ ...header, crit: ['exp'] }, payload)}.${signature}`);
  });
});

describe('guessing a token', () => {
  it('gets the same answer whether the id exists or not, however much of the secret is right', async () => {
    const token = (await world.token(world.owner)).slice('Bearer '.length);
    const id = token.slice(4, 28);
    const flip = (index: number) =>
      `${token.slice(0, index)}${token[index] === '0' ? '1' : '0'}${token.slice(index + 1)}`;
    const guesses = [
      `hdy_${MISSING_ID}_${'0'.repeat(48)}`,
      `hdy_${id}_${'0'.repeat(48)}`,
      flip(29),
      flip(token.length - 1),
    ];
    const answers = await Promise.all(
      guesses.map((guess) => world.send({ ...ME, authorization: `Bearer ${guess}` })),
    );
    for (const { status, text } of answers) {
      expect({ status, text }).toEqual({ status: 401, text: answers[0]?.text });
    }
    expect((await world.send({ ...ME, authorization: token })).status).toBe(200);
  });

  it('does not succeed with another spelling of the right one', async () => {
    const token = (await world.token(world.owner)).slice('Bearer '.length);
    const spellings = [
      token.toUpperCase(),
      `HDY_${token.slice(4)}`,
      `${token}0`,
      token.slice(0, -1),
      ` ${token} x`,
      `Bearer  ${token}`,
      `bearer ${token}`,
      `Bearer\t${token}`,
      `Token ${token}`,
    ];
    for (const authorization of spellings) {
      expect((await world.send({ ...ME, authorization })).status, `${authorization}`).toBe(401);
    }
  });
});

describe('a spoofed place', () => {
  const SPOOFED = (value: string) => [
    { 'x-realm-id': value },
    { 'x-forwarded-host': `${value}.api.localhost` },
    { 'x-original-host': `${value}.api.localhost` },
    { forwarded: `host=${value}.api.localhost` },
    { 'x-host': `${value}.api.localhost` },
  ];

  it('does not move a realm-bound token into its realm', async () => {
    const authorization = await world.token(world.owner, { realmIds: [REALM] });
    for (const headers of SPOOFED(REALM)) {
      const onBase = await world.send({ ...PROJECTS, authorization, headers });
      expect(at(onBase, 'message')).toContain('requires a realm-scoped URL');
      const elsewhere = await world.send({ ...PROJECTS, authorization, headers, realmId: OTHER_REALM });
      expect(at(elsewhere, 'message')).toContain('not valid for realm');
    }
  });

  it('does not lead a session out of the realm of the host', async () => {
    const path = `/api/v1/projects/${shared.projectId}`;
    for (const headers of SPOOFED(REALM)) {
      const answer = await world.send({
        method: 'GET',
        path,
        authorization: session,
        headers,
        realmId: OTHER_REALM,
      });
      expect(answer.status).toBe(404);
    }
  });

  it.each([
    `${REALM}.api.localhost.evil.test`,
    `${REALM}.evil.test`,
    `${REALM}x.api.localhost`,
    `${REALM}.${OTHER_REALM}.api.localhost`,
    `x.${REALM}.api.localhost`,
    `api.localhost.${REALM}`,
  ])('the host %s is not the realm', async (host) => {
    const authorization = await world.token(world.owner, { realmIds: [REALM] });
    const answer = await world.send({ ...PROJECTS, authorization, host });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it('does not bring a token to an address of its whitelist', async () => {
    const authorization = await world.token(world.owner, { ipWhitelist: ['203.0.113.7'] });
    const inside = await world.send({ ...ME, authorization, address: '203.0.113.7' });
    expect(inside.status).toBe(200);
    const names = [
      'x-forwarded-for',
      'x-client-address',
      'x-real-ip',
      'cf-connecting-ip',
      'true-client-ip',
      'x-client-ip',
      'forwarded',
    ];
    for (const name of names) {
      const value = name === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7';
      const answer = await world.send({
        ...ME,
        authorization,
        address: '198.51.100.9',
        headers: { [name]: value },
      });
      expect(at(answer, 'code'), `${name}`).toBe('IP_NOT_ALLOWED');
    }
    for (const address of [
      '203.0.113.7, 198.51.100.9',
      '203.0.113.7%00',
      '0313.0.113.7',
      '203.0.113.07',
      '',
    ]) {
      expect(at(await world.send({ ...ME, authorization, address }), 'code'), `${address}`).toBe(
        'IP_NOT_ALLOWED',
      );
    }
  });
});

/** Own members of these names, as only a body that was parsed from text can have. */
const poisoned = (text: string): unknown => JSON.parse(text);

describe('a poisoned body', () => {
  it.each([
    ['POST', '/api/v1/projects/', '{"alias":"p1","__proto__":{"is_admin":true}}'],
    ['POST', '/api/v1/projects/', '{"alias":"p2","constructor":{"prototype":{"is_admin":true}}}'],
    ['POST', '/api/v1/auth/tokens', '{"alias":"t1","__proto__":{"permissions":{"admin":{"users":true}}}}'],
    ['POST', '/api/v1/auth/tokens', '{"alias":"t2","permissions":{"__proto__":{"admin":{"users":true}}}}'],
    ['POST', '/api/v1/auth/tokens', '{"alias":"t3","permissions":{"constructor":{"users":true}}}'],
    ['POST', '/api/v1/auth/tokens', '{"alias":"t4","public_storage":{"__proto__":{"is_admin":true}}}'],
  ])('%s %s %s gives nothing away and breaks nothing', async (method, path, text) => {
    const answer = await world.send({ method, path, authorization: session, body: poisoned(text) });
    expect(answer.status).toBeLessThan(500);
    if (answer.status === 201 && path.endsWith('tokens')) {
      expect(at(answer, 'data', 'permissions', 'admin', 'users')).toBe(false);
    }
    const me = await world.send({ ...ME, authorization: session });
    expect(at(me, 'data', 'is_admin')).toBe(false);
    const other = await world.send({
      ...ME,
      authorization: await world.token(world.stranger, { leaves: [] }),
    });
    expect(at(other, 'data', 'is_admin')).toBeUndefined();
  });

  it('can not name a variable like a prototype', async () => {
    const path = `/api/v1/containers/${shared.containerId}/env/__proto__`;
    const set = await world.send({ method: 'PUT', path, authorization: session, body: { value: 'x' } });
    expect(set.status).toBe(400);
    const me = await world.send({ ...ME, authorization: session });
    expect(at(me, 'data', 'is_admin')).toBe(false);
  });

  it.each([
    ['/api/v1/projects/', { alias: 'm1', user_id: MISSING_ID }],
    ['/api/v1/projects/', { alias: 'm2', is_default: true }],
    ['/api/v1/projects/', { alias: 'm3', id: MISSING_ID }],
    ['/api/v1/auth/tokens', { alias: 'm4', user_id: MISSING_ID }],
    ['/api/v1/auth/tokens', { alias: 'm5', created_by_token_id: null, delegation_depth: 0 }],
    ['/api/v1/auth/tokens', { alias: 'm6', secret_hash: 'x', token: `hdy_${MISSING_ID}_${'0'.repeat(48)}` }],
    ['/api/v1/auth/tokens', { alias: 'm7', is_admin: true }],
  ])('sent to %s can not set %j', async (path, body) => {
    const answer = await world.send({ method: 'POST', path, authorization: session, body });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(at(answer, 'data'))).toContain('is not a known field');
  });
});

describe('climbing', () => {
  it('by a collaborator with edit is stopped at their own level', async () => {
    const fresh = await world.share();
    const authorization = await world.session(world.collaborators.edit);
    const path = `/api/v1/projects/${fresh.projectId}/permissions`;
    const level = async () => {
      const { userId, projectId } = schema.projectPermissions;
      const mine = and(eq(userId, world.collaborators.edit), eq(projectId, fresh.projectId));
      const [grant] = await world.database.select().from(schema.projectPermissions).where(mine);
      return grant;
    };
    const climb = { permission_level: 'delete' };
    const own = await level();
    const attempts = [
      { method: 'POST', path, body: { user_id: world.stranger, ...climb } },
      { method: 'PUT', path: `${path}/${fresh.permissionId}`, body: climb },
      { method: 'PATCH', path: `${path}/${own?.id}`, body: climb },
    ];
    for (const each of attempts) {
      expect(at(await world.send({ ...each, authorization }), 'code')).toBe('INSUFFICIENT_PERMISSIONS');
    }
    expect(await level()).toEqual(own);
  });

  it('by a token to itself or to its maker is refused', async () => {
    const authorization = await world.token(world.owner);
    const id = authorization.slice(11, 35);
    const attempts = [
      { method: 'PUT', path: `/api/v1/auth/tokens/${id}`, body: { permissions: { admin: { users: true } } } },
      { method: 'POST', path: `/api/v1/auth/tokens/${id}/remove-realm`, body: { realm_id: REALM } },
      { method: 'POST', path: `/api/v1/auth/tokens/${id}/add-realm`, body: { realm_id: REALM } },
    ];
    for (const each of attempts) {
      expect(at(await world.send({ ...each, authorization }), 'code')).toBe('INSUFFICIENT_PERMISSIONS');
    }
  });

  it("with another caller's Idempotency-Key does not get their answer", async () => {
    const headers = { 'idempotency-key': 'the-same-key' };
    const make = (authorization: string) =>
      world.send({
        method: 'POST',
        path: '/api/v1/auth/tokens',
        authorization,
        body: { alias: 'kept' },
        headers,
      });
    const mine = await make(session);
    const theirs = await make(await world.session(world.stranger));
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(at(theirs, 'data', 'token')).not.toBe(at(mine, 'data', 'token'));
  });

  it('ends with the next request after a collaborator is removed', async () => {
    const fresh = await world.share();
    const authorization = await world.session(world.collaborators.read);
    const look = () =>
      world.send({ method: 'GET', path: `/api/v1/containers/${fresh.containerId}`, authorization });
    expect((await look()).status).toBe(200);
    const path = `/api/v1/projects/${fresh.projectId}/permissions/${fresh.permissionId}`;
    expect((await world.send({ method: 'DELETE', path, authorization: session })).status).toBe(200);
    expect((await look()).status).toBe(404);
  });
});
