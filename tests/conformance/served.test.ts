/** What the running stack says of itself is what the conformance test compares, and every route is dispatched. */
import { ROUTES } from '@control-plane/contract/routes';
import { buildOpenApi } from '@control-plane/contract/openapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpCall } from '../../scripts/stack/http-call.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: () => Promise<void>;
beforeAll(async () => {
  ({ stack, release } = await temporaryStack({ withDaemon: false }));
});
afterAll(() => release());

describe('the served API', () => {
  it('describes exactly the operations of the route table', async () => {
    const answer = await httpCall(stack.port, { path: '/api/v1/openapi.json', host: stack.apiDomain });
    const built: unknown = JSON.parse(
      JSON.stringify(buildOpenApi(ROUTES, { serverUrl: 'https://api.example.com', version: '0.0.0' })),
    );
    const of = (document: unknown, key: 'paths' | 'components'): unknown =>
      typeof document === 'object' && document !== null ? Reflect.get(document, key) : undefined;
    expect(of(answer.json, 'paths')).toEqual(of(built, 'paths'));
    expect(of(answer.json, 'components')).toEqual(of(built, 'components'));
  });

  it('knows each of them: none is answered as a path or method that does not exist', async () => {
    const unserved: string[] = [];
    for (const { method, path, patchTwin } of ROUTES) {
      for (const each of patchTwin === true ? [method, 'PATCH'] : [method]) {
        const answer = await httpCall(stack.port, {
          method: each,
          path: path.replaceAll(/\{\w+\}/g, '0'.repeat(24)),
          host: stack.apiDomain,
        });
        const code: unknown =
          typeof answer.json === 'object' && answer.json !== null ? Reflect.get(answer.json, 'code') : null;
        if (code === 'NOT_FOUND' || code === 'METHOD_NOT_ALLOWED') unserved.push(`${each} ${path}`);
      }
    }
    expect(unserved).toEqual([]);
  });
});
