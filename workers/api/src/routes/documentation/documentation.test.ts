import { ROUTES } from '@control-plane/contract/routes';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callOperation, type Caller } from '../operation-test-bed.ts';
import { getDocs } from './get-docs.ts';
import { getOpenApi } from './get-openapi.ts';
import { matchesEtag, serverUrlOf } from './served-description.ts';

const caller: Caller = { userId: 'a'.repeat(24) };
let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
});
afterAll(() => temporary.dispose());

const textOf = (body: unknown) => new TextDecoder().decode(body as ArrayBuffer);

describe('the description', () => {
  it('names every route that is served and the host that it is served on', async () => {
    const answer = await callOperation(getOpenApi, temporary.database, {
      ...caller,
      realmId: '1'.repeat(24),
    });
    expect(answer.headers.get('content-type')).toBe('application/json');
    const document = JSON.parse(textOf(answer.body)) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string }>>;
      servers: { url: string }[];
    };
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.servers[0]?.url).toBe('http://api.localhost:8787');
    const served = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    for (const route of ROUTES) expect(served).toContain(route.operationId);
  });

  it('is not sent again to who has it', async () => {
    const first = await callOperation(getOpenApi, temporary.database, caller);
    const etag = first.headers.get('etag') ?? '';
    const headers = { 'if-none-match': etag };
    const second = await callOperation(getOpenApi, temporary.database, caller, { headers });
    expect(second.status).toBe(304);
    expect(textOf(second.body)).toBe('');
    expect(second.headers.get('etag')).toBe(etag);
  });

  it.each([
    [null, false],
    ['"x"', true],
    ['W/"x"', true],
    ['"a", "x"', true],
    ['*', true],
    ['"y"', false],
    ['x', false],
  ])('If-None-Match %j of the tag "x" is %s', (value, expected) => {
    expect(matchesEtag(value, '"x"')).toBe(expected);
  });

  it('names the base host whatever host was called', () => {
    expect(serverUrlOf('https://abc.api.example.com/api/v1/x', 'api.example.com')).toBe(
      'https://api.example.com',
    );
    expect(serverUrlOf('http://127.0.0.1:8787/', 'api.localhost')).toBe('http://api.localhost:8787');
  });
});

describe('the page', () => {
  it('lets exactly its own script and style run and loads nothing from elsewhere', async () => {
    const answer = await callOperation(getDocs, temporary.database, caller);
    const html = textOf(answer.body);
    const policy = answer.headers.get('content-security-policy') ?? '';
    const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [script] = [...html.matchAll(/<script>([^]*?)<\/script>/g)];
    const [style] = [...html.matchAll(/<style>([^]*?)<\/style>/g)];
    expect(policy).toContain(`script-src ${hashOf(script?.[1] ?? '')}`);
    expect(policy).toContain(`style-src ${hashOf(style?.[1] ?? '')}`);
    expect(policy).toContain("default-src 'none'");
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    expect(html.match(/<script/g)).toHaveLength(1);
  });
});
