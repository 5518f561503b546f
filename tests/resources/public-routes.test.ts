/** What needs no credential: the description, keys, images, and what the server sees of its caller. */
import { verifyResponse } from '@control-plane/signing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../scripts/stack/stack.ts';
import { at, clientOf, textAt, type ApiClient } from './api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: (() => Promise<void>) | undefined;
let nobody: ApiClient;
beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false }));
  nobody = clientOf(stack, null);
}, 90_000);
afterAll(() => release?.());

describe('the served description', () => {
  it('is OpenAPI 3.1 of what is served here, and not sent twice', async () => {
    const answer = await nobody.call('GET', '/openapi.json');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain('application/json');
    expect(textAt(answer, 'openapi')).toMatch(/^3\.1\./);
    expect(at(answer, 'servers', 0, 'url')).toBe(`http://${stack.apiDomain}`);
    expect(at(answer, 'paths', '/api/v1/projects/{id}', 'patch', 'operationId')).toBe(
      'projects.update.patch',
    );
    const etag = String(answer.headers['etag']);
    const again = await nobody.call('GET', '/openapi.json', { headers: { 'if-none-match': etag } });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  it('is shown by a page that loads nothing from elsewhere', async () => {
    const page = await nobody.call('GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.text).not.toMatch(/(?:src|href)="https?:/);
  });
});

it('the published keys verify the signature of an answer', async () => {
  const published = await nobody.call('GET', '/meta/public-key');
  expect(published.status).toBe(200);
  const answer = await nobody.call('GET', '/meta/social-stats');
  const verified = await verifyResponse(
    [
      {
        kid: textAt(published, 'data', 'keys', 0, 'kid'),
        publicHex: textAt(published, 'data', 'keys', 0, 'public_key_hex'),
      },
    ],
    String(answer.headers['x-hoody-signature']),
    { method: 'GET', status: 200, path: '/api/v1/meta/social-stats' },
    new TextEncoder().encode(answer.text),
    Math.floor(Date.now() / 1000),
  );
  expect(verified.ok).toBe(true);
});

it('the caller is told its address, and whether it is known, without its credential', async () => {
  const unknown = await nobody.call('GET', '/ip', {
    headers: { cookie: 'secret=1', 'user-agent': 'probe/1' },
  });
  expect(unknown.json).toMatchObject({ data: { ip: '127.0.0.1', is_logged: false, user_agent: 'probe/1' } });
  expect(unknown.text).not.toContain('secret=1');
  const known = await clientOf(stack, stack.bootstrap.admin_token).call('GET', '/ip');
  expect(at(known, 'data', 'is_logged')).toBe(true);
  expect(known.text).not.toContain(stack.bootstrap.admin_token);
});

describe('images', () => {
  it('are none before a host has come', async () => {
    expect((await nobody.call('GET', '/images/public')).json).toMatchObject({
      data: { images: [], pagination: { total: 0, page: 1, limit: 20, totalPages: 0 } },
    });
    expect((await nobody.call('GET', `/images/public/${'0'.repeat(24)}`)).status).toBe(404);
  });

  it('always have an icon', async () => {
    const icon = await nobody.call('GET', `/images/${'0'.repeat(24)}/icon`);
    expect(icon.status).toBe(200);
    expect(icon.headers['content-type']).toBe('image/png');
    expect((await nobody.call('GET', '/images/nope/icon')).json).toMatchObject({ code: 'INVALID_ID_FORMAT' });
  });

  it('of a user need to know the user', async () => {
    expect((await nobody.call('GET', '/images/user')).status).toBe(401);
    const known = clientOf(stack, stack.bootstrap.admin_token);
    expect(at(await known.call('GET', '/images/user'), 'data', 'images')).toStrictEqual([]);
  });
});
