/** Providers that answer what they should not, over real HTTP. */
import { createLogger } from '@control-plane/serving';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchProfile } from './provider-client.ts';
import type { ProviderConfig } from './provider-config.ts';

interface Scripted {
  readonly status?: number;
  readonly body: unknown;
}

let server: Server;
let origin: string;
/** What each path answers. */
let answers: Record<string, Scripted>;
beforeAll(async () => {
  server = createServer((request, response) => {
    const { status = 200, body } = answers[request.url ?? ''] ?? { status: 404, body: {} };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));

const idToken = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

beforeEach(() => {
  answers = {
    '/token': {
      body: { access_token: 'access', token_type: 'bearer', id_token: idToken({ sub: 's', aud: 'client' }) },
    },
    '/me': { body: { sub: 's', email: 'Ann@Example.test', email_verified: true, name: 'Ann' } },
    '/api/user': { body: { id: 7, login: 'ann' } },
    '/api/user/emails': {
      body: [
        { email: 'old@example.test', primary: false, verified: true },
        { email: 'ann@example.test', primary: true, verified: true },
      ],
    },
  };
});

const config = (name: 'github' | 'google', at = origin): ProviderConfig => ({
  name,
  title: name,
  clientId: 'client',
  clientSecret: 'secret',
  authorizeUrl: `${at}/authorize`,
  tokenUrl: `${at}/token`,
  profileUrl: name === 'github' ? `${at}/api/` : `${at}/me`,
  scopes: [],
});
const log = createLogger({ component: 'test' });
const ask = (given: ProviderConfig) =>
  fetchProfile(given, `${origin}/callback`, { code: 'c', verifier: 'v'.repeat(43) }, log);
const failure = (code: string) => ({ ok: false, error: { code } });

describe('a profile', () => {
  it('is the permanent id and the verified address in lower case', async () => {
    expect(await ask(config('google'))).toEqual({
      ok: true,
      value: { subject: 's', username: 'Ann', verifiedEmail: 'ann@example.test' },
    });
    expect(await ask(config('github'))).toEqual({
      ok: true,
      value: { subject: '7', username: 'ann', verifiedEmail: 'ann@example.test' },
    });
  });

  it.each([
    [{ email_verified: false }],
    [{ email_verified: 'false' }],
    [{ email_verified: undefined }],
    [{ email: undefined }],
    [{ email: 'no address' }],
    // The Kelvin sign becomes an ordinary k in lower case.
    [{ email: '\u212Aate@example.test' }],
  ])('of OpenID has no verified address with %j', async (change) => {
    answers['/me'] = { body: { sub: 's', email: 'ann@example.test', email_verified: true, ...change } };
    expect(await ask(config('google'))).toMatchObject({ ok: true, value: { verifiedEmail: null } });
  });

  it.each([
    [[]],
    [[{ email: 'ann@example.test', primary: true, verified: false }]],
    [[{ email: 'ann@example.test', primary: false, verified: true }]],
  ])('of GitHub has no verified address with %j', async (body) => {
    answers['/api/user/emails'] = { body };
    expect(await ask(config('github'))).toMatchObject({ ok: true, value: { verifiedEmail: null } });
  });

  it('is not that of another user or of a token for another client', async () => {
    answers['/me'] = { body: { sub: 'other', email: 'ann@example.test', email_verified: true } };
    expect(await ask(config('google'))).toMatchObject(failure('INVALID_CREDENTIALS'));
    answers['/me'] = { body: { sub: 's' } };
    answers['/token'] = {
      body: { access_token: 'a', id_token: idToken({ sub: 's', aud: 'another client' }) },
    };
    expect(await ask(config('google'))).toMatchObject(failure('INVALID_CREDENTIALS'));
  });
});

describe('a provider', () => {
  it.each([
    [{ status: 400, body: { error: 'invalid_grant' } }],
    [{ status: 401, body: { error: 'invalid_client' } }],
    // GitHub's way.
    [{ status: 200, body: { error: 'bad_verification_code' } }],
  ])('refuses a code with %j', async (answer) => {
    answers['/token'] = answer;
    expect(await ask(config('github'))).toMatchObject(failure('INVALID_CREDENTIALS'));
  });

  it.each([
    ['/token', { status: 500, body: {} }],
    ['/token', { body: 'no JSON' }],
    ['/token', { body: {} }],
    ['/api/user', { status: 503, body: {} }],
    ['/api/user', { body: 'no JSON' }],
    ['/api/user', { body: { id: 'seven', login: 'ann' } }],
    ['/api/user', { body: { id: 7, login: 'x'.repeat(300_000) } }],
    ['/api/user/emails', { body: { email: 'ann@example.test' } }],
  ])('is out of order when %s answers %j', async (path, answer) => {
    answers[path] = answer;
    expect(await ask(config('github'))).toMatchObject(failure('SERVICE_UNAVAILABLE'));
  });

  it('is out of order when nobody listens', async () => {
    expect(await ask(config('github', 'http://127.0.0.1:9'))).toMatchObject(failure('SERVICE_UNAVAILABLE'));
  });
});
