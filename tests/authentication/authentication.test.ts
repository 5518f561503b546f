/** Identity over real HTTP: router, api worker, limiter objects, database and mail outbox together. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpCall, type HttpAnswer } from '../../scripts/stack/http-call.ts';
import { startStack, type Stack } from '../../scripts/stack/stack.ts';
import { eventually } from '../support/api-client.ts';

const ADDRESS_HEADER = 'x-test-client-address';
const REALM = 'a1'.repeat(12);
const OTHER_REALM = 'b2'.repeat(12);

let stack: Stack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'control-plane-authentication-'));
  stack = await startStack({ dataDir: folder, withDaemon: false, clientAddressHeader: ADDRESS_HEADER });
}, 90_000);
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let drawn = 0;
/** A client address that no limiter has counted yet. */
function freshAddress(): string {
  drawn += 1;
  return `198.51.100.${drawn}`;
}

interface Call {
  readonly body?: unknown;
  readonly authorization?: string;
  readonly realm?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
function call(method: string, path: string, given: Call = {}): Promise<HttpAnswer> {
  const { body, authorization, realm, address = freshAddress(), headers = {} } = given;
  return httpCall(stack.port, {
    method,
    path: `/api/v1${path}`,
    host: realm === undefined ? stack.apiDomain : `${realm}.${stack.apiDomain}`,
    headers: {
      [ADDRESS_HEADER]: address,
      ...(authorization === undefined ? {} : { authorization }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
}
/** The text at a path of an answer's JSON. */
function textAt(answer: HttpAnswer, ...path: readonly string[]): string {
  let value = answer.json;
  for (const key of path) value = Reflect.get(Object(value), key);
  if (typeof value !== 'string') throw new Error(`no ${path.join('.')} in ${answer.text}`);
  return value;
}
const failed = (status: number, code: string, error?: string) => ({
  status,
  json: { statusCode: status, code, ...(error === undefined ? {} : { error }), message: expect.any(String) },
});
const me = (authorization: string) => call('GET', '/users/auth/me', { authorization });

interface SentMail {
  readonly to: string;
  readonly kind: string;
  readonly token: string;
}
function mailsTo(email: string): SentMail[] {
  const lines = readFileSync(stack.bootstrap.mail_outbox, 'utf8').split('\n');
  const mails = lines.filter((line) => line !== '').map((line): SentMail => JSON.parse(line));
  return mails.filter(({ to }) => to === email);
}

let people = 0;
async function newPerson() {
  people += 1;
  const email = `person-${people}@example.test`;
  const password = `Long password ${people}`;
  const signup = await call('POST', '/auth/signup', { body: { email, password } });
  expect(signup).toMatchObject({ status: 200, json: { statusCode: 200, data: { email } } });
  const mail = await eventually('a verification mail', async () => mailsTo(email)[0]);
  const session = await call('POST', '/auth/verify-email', { body: { token: mail.token } });
  expect(session).toMatchObject({ status: 200 });
  return {
    email,
    password,
    session,
    bearer: `Bearer ${textAt(session, 'data', 'token')}`,
    refreshToken: textAt(session, 'data', 'refreshToken'),
  };
}

describe('what a new stack hands out', () => {
  it('opens the API: the operator JWT, the operator token, each account', async () => {
    const { admin_token: jwt, operator, users } = stack.bootstrap;
    for (const authorization of [`Bearer ${jwt}`, `Bearer ${operator.token}`, operator.token]) {
      expect(await me(authorization)).toMatchObject({
        status: 200,
        json: { data: { email: operator.email } },
      });
    }
    for (const { email, username, password } of [operator, ...users]) {
      for (const name of [{ email }, { username }]) {
        const answer = await call('POST', '/users/auth/login', { body: { ...name, password } });
        expect(answer).toMatchObject({
          status: 200,
          json: { data: { user: { email }, project: { alias: 'default' }, expires_in: 86_400 } },
        });
      }
    }
  });
});

describe('an account from signup to logout', () => {
  it('is mailed once, verified once, refreshed, and closed for every session at logout', async () => {
    const { email, password, bearer, refreshToken } = await newPerson();
    expect(mailsTo(email)).toMatchObject([
      { kind: 'verify_email', token: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    const used = await call('POST', '/auth/verify-email', { body: { token: mailsTo(email)[0]?.token } });
    expect(used).toMatchObject(failed(400, 'VALIDATION_ERROR'));

    const renewed = await call('POST', '/users/auth/refresh', { body: { refreshToken } });
    expect(renewed.status).toBe(200);
    const second = `Bearer ${textAt(renewed, 'data', 'token')}`;
    expect(await me(second)).toMatchObject({ status: 200, json: { data: { email } } });
    const mismatch = await call('POST', '/users/auth/refresh', {
      body: { refreshToken },
      authorization: bearer,
    });
    expect(mismatch).toMatchObject(failed(401, 'INVALID_TOKEN', 'Unauthorized'));

    expect(await call('POST', '/users/auth/logout', { authorization: bearer })).toMatchObject({
      status: 200,
      json: { statusCode: 200, data: null },
    });
    for (const authorization of [bearer, second]) {
      expect(await me(authorization)).toMatchObject(failed(401, 'INVALID_TOKEN', 'Unauthorized'));
    }
    expect(await call('POST', '/users/auth/refresh', { body: { refreshToken } })).toMatchObject(
      failed(401, 'INVALID_TOKEN'),
    );
    expect(await call('POST', '/users/auth/login', { body: { email, password } })).toMatchObject({
      status: 200,
    });
  });

  it('refuses login before it is verified, and sends the mail again on request', async () => {
    const email = 'waiting@example.test';
    const password = 'Long password 0';
    await call('POST', '/auth/signup', { body: { email, password } });
    const login = () => call('POST', '/users/auth/login', { body: { email, password } });
    expect(await login()).toMatchObject(failed(403, 'EMAIL_NOT_VERIFIED', 'Forbidden'));
    const address = freshAddress();
    const resend = (to: string) =>
      call('POST', '/auth/resend-verification', { body: { email: to }, address });
    const known = await resend(email);
    const unknown = await resend('nobody@example.test');
    expect(known.json).toEqual(unknown.json);
    const mails = await eventually('a second mail', async () => {
      const found = mailsTo(email);
      return found.length === 2 ? found : undefined;
    });
    expect(mailsTo('nobody@example.test')).toEqual([]);
    expect(await call('POST', '/auth/verify-email', { body: { token: mails[0]?.token } })).toMatchObject({
      status: 200,
    });
    expect(await login()).toMatchObject({ status: 200 });
    await resend(email);
    const limited = await resend(email);
    expect(limited).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(3500);
  });

  it('is never told apart by a wrong login', async () => {
    const { email } = stack.bootstrap.operator;
    const attempt = (body: object) => call('POST', '/users/auth/login', { body });
    const wrong = await attempt({ email, password: 'wrong-wrong' });
    const unknown = await attempt({ email: 'nobody@example.test', password: 'wrong-wrong' });
    expect(wrong).toMatchObject(failed(401, 'INVALID_CREDENTIALS'));
    expect(unknown.json).toEqual(wrong.json);
  });

  it('keeps its sessions and its limits when the workers restart', async () => {
    const { bearer } = await newPerson();
    const address = freshAddress();
    const attempt = (index: number) => {
      const body = { email: `crowd-${index}@example.test`, password: 'Long password 0' };
      return call('POST', '/auth/signup', { body, address });
    };
    for (let index = 0; index < 5; index += 1) expect((await attempt(index)).status).toBe(200);
    await stack.restartWorkerd();
    expect(await me(bearer)).toMatchObject({ status: 200 });
    const limited = await attempt(5);
    expect(limited).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('auth tokens', () => {
  async function newToken(body: object, more: Call = {}) {
    const person = await newPerson();
    const answer = await call('POST', '/auth/tokens', { body, authorization: person.bearer, ...more });
    expect(answer).toMatchObject({ status: 201 });
    return { ...person, answer, id: textAt(answer, 'data', 'id'), token: textAt(answer, 'data', 'token') };
  }

  it('show their secret once, work as Bearer, bare and Basic, and stop when deleted', async () => {
    const { bearer, id, token } = await newToken({ alias: 'ci', permission_template: 'full_access' });
    const basic = `Basic ${Buffer.from(`anything:${token}`).toString('base64')}`;
    for (const authorization of [`Bearer ${token}`, token, basic])
      expect((await me(authorization)).status).toBe(200);
    const list = await call('GET', '/auth/tokens', { authorization: bearer });
    expect(list).toMatchObject({
      status: 200,
      json: { truncated: false, data: [{ id, alias: 'ci', prefix: 'hdy_' }] },
    });
    expect(list.text).not.toContain(token);
    const again = await call('POST', '/auth/tokens', { authorization: bearer, body: { alias: 'ci' } });
    expect(again).toMatchObject(failed(400, 'DUPLICATE_ALIAS', 'DUPLICATE_ALIAS'));
    expect(await call('DELETE', `/auth/tokens/${id}`, { authorization: bearer })).toMatchObject({
      status: 200,
    });
    expect(await me(token)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    expect(await call('GET', `/auth/tokens/${id}`, { authorization: bearer })).toMatchObject(
      failed(404, 'TOKEN_NOT_FOUND'),
    );
  });

  it('made on a realm host work there alone; tokens/me tells them on the base host', async () => {
    const { token } = await newToken({ permissions: { projects: { read: true } } }, { realm: REALM });
    const projects = (realm?: string) =>
      call('GET', '/projects/', { authorization: token, ...(realm === undefined ? {} : { realm }) });
    expect(await projects(REALM)).toMatchObject({ status: 200 });
    expect(await projects()).toMatchObject({
      status: 403,
      json: { message: expect.stringContaining('requires a realm-scoped URL') },
    });
    expect(await projects(OTHER_REALM)).toMatchObject({
      status: 403,
      json: { message: expect.stringContaining('not valid for realm') },
    });
    expect(await call('GET', '/auth/tokens/me', { authorization: token })).toMatchObject({
      status: 200,
      json: { data: { restrictions: { requires_realm_scope: true, allowed_realm_ids: [REALM] } } },
    });
  });

  it('work from their addresses only, as the edge states them and not as the client does', async () => {
    const { token } = await newToken({ ip_whitelist: ['203.0.113.0/24', '2001:db8::/32'] });
    const from = (address: string) =>
      call('GET', '/auth/tokens/me', {
        authorization: token,
        address,
        headers: { 'x-forwarded-for': '203.0.113.1', 'x-client-address': '203.0.113.1' },
      });
    expect(await from('203.0.113.9')).toMatchObject({ status: 200 });
    expect(await from('2001:db8:1::9')).toMatchObject({ status: 200 });
    expect(await from('198.51.100.9')).toMatchObject(failed(403, 'IP_NOT_ALLOWED'));
    expect(await from('2001:db9::9')).toMatchObject(failed(403, 'IP_NOT_ALLOWED'));
  });

  it('lack what was not granted, by name', async () => {
    const { token } = await newToken({ permission_template: 'read_only' });
    expect(await call('GET', '/projects/', { authorization: token })).toMatchObject({ status: 200 });
    const refused = await call('POST', '/projects/', { authorization: token, body: { alias: 'no' } });
    expect(refused).toMatchObject(failed(403, 'INSUFFICIENT_PERMISSIONS', 'Forbidden'));
    expect(textAt(refused, 'message')).toContain('projects.create');
  });

  it('tell that they are expired', async () => {
    const { id, token } = await newToken({ expires_at: 'tomorrow' });
    const database = openDatabase(stack.databaseUrl, stack.databaseToken);
    await database.update(schema.authTokens).set({ expiresAt: 1 }).where(eq(schema.authTokens.id, id));
    expect(await me(token)).toMatchObject(failed(401, 'TOKEN_EXPIRED', 'Unauthorized'));
  });

  it('are made once for one Idempotency-Key, and the retry gets the same secret', async () => {
    const { bearer } = await newPerson();
    const make = (alias: string) =>
      call('POST', '/auth/tokens', {
        authorization: bearer,
        body: { alias },
        headers: { 'idempotency-key': 'k-1' },
      });
    const first = await make('once');
    const second = await make('once');
    expect(second.json).toEqual(first.json);
    expect(await make('twice')).toMatchObject({ status: 422 });
    const list = await call('GET', '/auth/tokens', { authorization: bearer });
    expect(list.json).toMatchObject({ data: [{ alias: 'once' }] });
  });
});

describe('bad input', () => {
  it.each<[string, string, string, unknown, number, string]>([
    [
      'an unknown field',
      'POST',
      '/auth/signup',
      { email: 'a@b.test', password: 'Long password 0', x: 1 },
      400,
      'VALIDATION_ERROR',
    ],
    [
      'no e-mail address',
      'POST',
      '/auth/signup',
      { email: 'nonsense', password: 'Long password 0' },
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a weak password',
      'POST',
      '/auth/signup',
      { email: 'a@b.test', password: 'onlylowercase' },
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a short password',
      'POST',
      '/auth/signup',
      { email: 'a@b.test', password: 'Ab1!' },
      400,
      'VALIDATION_ERROR',
    ],
    [
      'nobody to log in',
      'POST',
      '/users/auth/login',
      { password: 'Long password 0' },
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a mode that there is not',
      'POST',
      '/users/auth/login',
      { email: 'a@b.test', password: 'Long password 0', response_mode: 'cookie' },
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a verification token of the wrong length',
      'POST',
      '/auth/verify-email',
      { token: 'ab' },
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a refresh token that is none',
      'POST',
      '/users/auth/refresh',
      { refreshToken: 'x' },
      401,
      'INVALID_TOKEN',
    ],
  ])('%s is refused by name', async (_name, method, path, body, status, code) => {
    expect(await call(method, path, { body })).toMatchObject(failed(status, code));
  });

  it.each<[string, object, number, string]>([
    ['an alias with a slash', { alias: 'a/b' }, 400, 'INVALID_ALIAS_FORMAT'],
    ['an unknown leaf', { permissions: { containers: { fly: true } } }, 400, 'VALIDATION_ERROR'],
    ['a leaf that is no boolean', { permissions: { containers: { read: 'yes' } } }, 400, 'VALIDATION_ERROR'],
    ['an unknown template', { permission_template: 'root' }, 400, 'VALIDATION_ERROR'],
    ['a malformed realm', { realm_ids: ['x'] }, 400, 'VALIDATION_ERROR'],
    ['a malformed address block', { ip_whitelist: '10.0.0.0/40' }, 400, 'VALIDATION_ERROR'],
    ['a time that is none', { expires_at: 'soon' }, 400, 'INVALID_EXPIRATION_FORMAT'],
    ['a time that is past', { expires_at: '2001-01-01' }, 400, 'EXPIRATION_IN_PAST'],
    ['a contradiction', { deny_reauthorization: true, vault_access: true }, 400, 'VALIDATION_ERROR'],
  ])('a token with %s is refused and not made', async (_name, body, status, code) => {
    const authorization = `Bearer ${stack.bootstrap.admin_token}`;
    const before = await call('GET', '/auth/tokens', { authorization });
    expect(await call('POST', '/auth/tokens', { authorization, body })).toMatchObject(failed(status, code));
    expect((await call('GET', '/auth/tokens', { authorization })).json).toEqual(before.json);
  });

  it('a credential is asked for, and a malformed one is told', async () => {
    const missing = await call('GET', '/auth/tokens');
    expect(missing).toMatchObject(failed(401, 'MISSING_TOKEN', 'Unauthorized'));
    expect(missing.headers['www-authenticate']).toContain('Bearer');
    expect(await me('bearer x')).toMatchObject(failed(401, 'INVALID_TOKEN', 'Unauthorized'));
    const malformed = await call('GET', '/auth/tokens/XYZ', {
      authorization: `Bearer ${stack.bootstrap.admin_token}`,
    });
    expect(malformed).toMatchObject(failed(400, 'INVALID_ID_FORMAT'));
  });
});
