import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleWorker } from '../../../scripts/stack/bundle-worker.ts';
import { startDatabaseEndpoint, type DatabaseEndpoint } from '../../../scripts/stack/database/endpoint.ts';

let folder: string;
let endpoint: DatabaseEndpoint;
let miniflare: Miniflare;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'billing-'));
  endpoint = await startDatabaseEndpoint({ file: join(folder, 'db.sqlite'), token: 't' });
  const { script } = await bundleWorker(join(import.meta.dirname, 'index.ts'));
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      handleStructuredLogs: () => {},
      name: 'billing',
      modules: true,
      script,
      compatibilityDate: '2026-10-20',
      compatibilityFlags: ['nodejs_compat'],
      bindings: { DATABASE_URL: endpoint.url, DATABASE_TOKEN: 't' },
    }),
  );
  await miniflare.ready;
});
afterAll(async () => {
  await miniflare.dispose();
  await endpoint.close();
  await rm(folder, { recursive: true });
});

const get = async (path: string): Promise<{ status: number; body: unknown }> => {
  const response = await miniflare.dispatchFetch(`http://billing${path}`);
  return { status: response.status, body: await response.json() };
};

it('says whether it reaches the database, and stays alive when it does not', async () => {
  expect(await get('/internal/health')).toEqual({ status: 200, body: { database: { up: true } } });
  await endpoint.close();
  expect(await get('/internal/health')).toEqual({
    status: 200,
    body: { database: { up: false, detail: 'query failed' } },
  });
});

it('answers any other path with the 404 envelope', async () => {
  expect(await get('/api/v1/wallet/unknown')).toEqual({
    status: 404,
    body: {
      statusCode: 404,
      error: 'Not Found',
      code: 'NOT_FOUND',
      message: 'There is no /api/v1/wallet/unknown',
    },
  });
});
