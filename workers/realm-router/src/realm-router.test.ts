import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  call,
  code,
  isGenuine,
  routerPort,
  seen,
  setBillingHealth,
  startRouter,
  stopRouter,
} from './router-under-test.ts';

const REALM = 'abcdef0123456789abcdef01';

beforeAll(startRouter);
afterAll(stopRouter);

describe('realm', () => {
  it.each([
    [`${REALM}.api.localhost`, REALM],
    [`${REALM}.api.localhost:8787`, REALM],
    [`${REALM.toUpperCase()}.API.localhost`, REALM],
    ['api.localhost', undefined],
    ['127.0.0.1', undefined],
    ['www.api.localhost', undefined],
    [`${REALM}0.api.localhost`, undefined],
    [`${REALM.slice(1)}.api.localhost`, undefined],
    [`g${REALM.slice(1)}.api.localhost`, undefined],
    [`x.${REALM}.api.localhost`, undefined],
    [`${REALM}.api.localhost.evil.example`, undefined],
    [`${REALM}.evil.example`, undefined],
    [`${REALM}xapi.localhost`, undefined],
  ])('host %s is realm %s', async (host, realm) => {
    const answer = await call('/api/v1/x', { headers: { host } });
    expect(answer.status).toBe(200);
    expect(seen(answer).headers['x-realm-id']).toBe(realm);
  });

  it.each([['a b'], ['%zz'], ['<script>'], ['a@b:c'], ['[::1'], ['api.localhost:port']])(
    'a malformed host %j is refused or unscoped, never scoped and never a crash',
    async (host) => {
      const answer = await call('/api/v1/x', { headers: { host } });
      if (answer.status === 200) {
        expect(seen(answer).headers['x-realm-id']).toBeUndefined();
      } else {
        expect(answer.status).toBe(400);
        expect(code(answer)).toBe('VALIDATION_ERROR');
        expect(await isGenuine(answer, 'GET', '/api/v1/x')).toBe(true);
      }
    },
  );
});

describe('identity of the client', () => {
  it('drops what a client claims in internal headers', async () => {
    const spoofed = {
      'x-realm-id': 'f'.repeat(24),
      'x-client-address': '6.6.6.6',
      'x-forwarded-for': '6.6.6.6',
      'x-real-ip': '6.6.6.6',
      'true-client-ip': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'cf-connecting-ip': '203.0.113.9',
    };
    const { headers } = seen(await call('/api/v1/x', { headers: spoofed }));
    expect(headers['x-realm-id']).toBeUndefined();
    expect(headers['x-client-address']).toBe('203.0.113.9');
    expect(JSON.stringify(headers)).not.toContain('6.6.6.6');
    const scoped = { ...spoofed, host: `${REALM}.api.localhost` };
    expect(seen(await call('/api/v1/x', { headers: scoped })).headers['x-realm-id']).toBe(REALM);
  });

  it('believes the one header that the deployment names, if it holds an address', async () => {
    const address = async (value: string) =>
      seen(await call('/x', { headers: { 'cf-connecting-ip': value } })).headers['x-client-address'];
    expect(await address('2001:db8::1')).toBe('2001:db8::1');
    expect(await address('<x>')).toBe('unknown');
    expect(seen(await call('/x')).headers['x-client-address']).toBe('unknown');
  });

  it('keeps a harmless X-Request-Id and replaces any other', async () => {
    const idFor = async (given: string) => {
      const answer = await call('/x', { headers: { 'x-request-id': given } });
      expect(seen(answer).headers['x-request-id']).toBe(answer.headers['x-request-id']);
      return answer.headers['x-request-id'];
    };
    expect(await idFor('abc-DEF_12345')).toBe('abc-DEF_12345');
    for (const bad of ['short', 'x'.repeat(65), 'has space here', '{"json":"yes"}']) {
      expect(await idFor(bad)).toMatch(/^[0-9a-f]{32}$/);
    }
  });
});

describe('routing', () => {
  it.each([
    ['/api/v1/wallet', 'billing'],
    ['/api/v1/wallet/balances', 'billing'],
    ['/api/v1/rentals/x', 'billing'],
    ['/api/v1/webhooks/stripe', 'billing'],
    ['/api/v1/servers', 'billing'],
    ['/api/v1/servers/available', 'billing'],
    ['/api/v1/servers/x', 'billing'],
    ['/api/v1/servers/x/', 'billing'],
    ['/api/v1/servers/x/rent', 'billing'],
    ['/api/v1/servers/x/runtime', 'billing'],
    ['/api/v1/servers/x/available-commands', 'api'],
    ['/api/v1/servers/x/execute-command', 'api'],
    ['/api/v1/servers/x/rent/y', 'api'],
    ['/api/v1/images/purchase/x', 'billing'],
    ['/api/v1/images/import/x', 'api'],
    ['/api/v1/images/public/x', 'api'],
    ['/api/v1/walletx', 'api'],
    ['/api/v1/containers/', 'api'],
    ['/host/v1/enroll', 'api'],
    ['/', 'api'],
  ])('%s belongs to %s', async (path, worker) => {
    expect(seen(await call(path)).worker).toBe(worker);
  });

  it.each([
    '/internal',
    '/internal/health',
    '/INTERNAL/health',
    '/x/../internal/health',
    '/%69nternal/../internal/x',
  ])('hides %s', async (path) => {
    const answer = await call(path);
    expect(answer.status).toBe(404);
    expect(code(answer)).toBe('NOT_FOUND');
  });

  it('passes method, query, body and credentials on', async () => {
    const answer = await call('/api/v1/x?a=1&b=%20', {
      method: 'PATCH',
      body: 'hello',
      headers: { authorization: 'Bearer t', 'idempotency-key': 'k' },
    });
    expect(seen(answer)).toMatchObject({ method: 'PATCH', length: 5 });
    expect(seen(answer).url).toContain('/api/v1/x?a=1&b=%20');
    expect(seen(answer).headers).toMatchObject({ authorization: 'Bearer t', 'idempotency-key': 'k' });
  });

  it('passes a WebSocket through, headers of the handshake included', async () => {
    const socket = await new Promise<string>((resolve, reject) => {
      const client = new WebSocket(`ws://127.0.0.1:${routerPort()}/host/v1/link`, {
        headers: { 'x-host-nonce': 'n1' },
      });
      client.on('open', () => client.send('hello'));
      client.on('message', (data: Buffer) => {
        client.close(1000);
        resolve(data.toString());
      });
      client.on('error', reject);
    });
    expect(socket).toBe('echo hello n1');
  });
});

describe('CORS', () => {
  it('answers a preflight itself with 204 and what is allowed', async () => {
    const answer = await call('/api/v1/containers', {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example' },
    });
    expect(answer.status).toBe(204);
    expect(answer.body.length).toBe(0);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    const allowed = String(answer.headers['access-control-allow-headers']).toLowerCase();
    for (const name of [
      'authorization',
      'content-type',
      'idempotency-key',
      'if-match',
      'prefer',
      'x-hoody-client-id',
      'x-hoody-client-name',
    ]) {
      expect(allowed).toContain(name);
    }
    expect(String(answer.headers['access-control-allow-methods'])).toContain('PATCH');
    expect(answer.headers['x-hoody-signature']).toBeUndefined();
  });

  it('is open on every answer, whatever the worker behind says, and exposes what clients need', async () => {
    for (const path of ['/api/v1/x', '/internal/x']) {
      const { headers } = await call(path);
      expect(headers['access-control-allow-origin']).toBe('*');
      for (const name of [
        'X-Hoody-Signature',
        'X-Request-Id',
        'Retry-After',
        'Server-Timing',
        'Location',
        'ETag',
      ]) {
        expect(headers['access-control-expose-headers']).toContain(name);
      }
    }
  });
});

describe('body limit', () => {
  const tooLarge = Buffer.alloc(1024 * 1024 + 1, 97);

  it('takes a body of exactly the limit, declared or streamed', async () => {
    const body = tooLarge.subarray(1);
    expect(seen(await call('/x', { method: 'POST', body })).length).toBe(1024 * 1024);
    expect(seen(await call('/x', { method: 'POST', body, chunked: true })).length).toBe(1024 * 1024);
  });

  it.each([
    ['declared', false],
    ['streamed', true],
  ])('refuses a larger %s body with a signed 413', async (_, chunked) => {
    const answer = await call('/api/v1/x', { method: 'POST', body: tooLarge, chunked });
    expect(answer.status).toBe(413);
    expect(code(answer)).toBe('BODY_TOO_LARGE');
    expect(await isGenuine(answer, 'POST', '/api/v1/x')).toBe(true);
  });

  it('refuses an overlong URL by name', async () => {
    const answer = await call(`/x?${'a'.repeat(8200)}`);
    expect(answer.status).toBe(400);
    expect(code(answer)).toBe('VALIDATION_ERROR');
  });
});

describe('signature', () => {
  it.each([
    ['GET', '/api/v1/x?q=1&r=a%20b'],
    ['POST', '/api/v1/wallet'],
    ['GET', '/binary'],
    ['GET', '/internal/x'],
    ['GET', '/boom'],
    ['GET', '/healthz'],
  ])('%s %s is signed, errors and binary bodies included', async (method, path) => {
    expect(await isGenuine(await call(path, { method }), method, path)).toBe(true);
  });

  it('holds on a realm host too', async () => {
    const answer = await call('/api/v1/x', { headers: { host: `${REALM}.api.localhost` } });
    expect(await isGenuine(answer, 'GET', '/api/v1/x')).toBe(true);
  });

  it.each([
    ['HEAD', '/api/v1/x'],
    ['GET', '/empty'],
    ['GET', '/stream'],
  ])('%s %s has no body to sign, or is a stream', async (method, path) => {
    const answer = await call(path, { method });
    expect(answer.headers['x-hoody-signature']).toBeUndefined();
    expect(answer.headers['x-request-id']).toBeDefined();
    if (method === 'HEAD') expect(answer.body.length).toBe(0);
    if (path === '/stream') expect(answer.body.toString()).toBe('data: 1\n\n');
  });
});

it('asks for HEAD what GET would answer', async () => {
  const answer = await call('/page', { method: 'HEAD' });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(answer.body.length).toBe(0);
});

describe('every answer', () => {
  it("carries security headers and both workers' timings", async () => {
    const { headers } = await call('/api/v1/x');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['server-timing']).toMatch(/^db;dur=1\.5, router;dur=[\d.]+$/);
    expect((await call('/page')).headers['content-security-policy']).toBeUndefined();
  });

  it('turns an unexpected failure into the 500 envelope without its detail', async () => {
    const answer = await call('/boom');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body.toString())).toEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      code: 'INTERNAL_SERVER_ERROR',
      message: 'An unexpected error occurred.',
    });
  });
});

describe('health', () => {
  it('is 200 when each part is up, and names the one that is not', async () => {
    const up = await call('/healthz');
    expect(up.status).toBe(200);
    expect(JSON.parse(up.body.toString())).toEqual({
      status: 'ok',
      parts: {
        router: { up: true },
        api: { up: true },
        billing: { up: true },
        database: { up: true },
        hosts: { up: true, connected: 1 },
      },
    });
    setBillingHealth({ database: { up: false, detail: 'query failed' } });
    const down = await call('/healthz');
    expect(down.status).toBe(503);
    expect(JSON.parse(down.body.toString())).toMatchObject({
      status: 'unavailable',
      parts: { billing: { up: true }, database: { up: false, detail: 'query failed' } },
    });
    setBillingHealth({}, 500);
    expect(JSON.parse((await call('/healthz')).body.toString())).toMatchObject({
      parts: { billing: { up: false } },
    });
    setBillingHealth();
    expect((await call('/healthz', { method: 'POST' })).status).toBe(405);
  });
});
