/** Start-up of the api worker with all its routes, against an empty worker on the same runtime. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from 'miniflare';
import { bundleWorker } from '../scripts/stack/bundle-worker.ts';
import { REPOSITORY_ROOT } from '../scripts/stack/repository-root.ts';
import { API_OBJECTS, COMPATIBILITY_DATE } from '../scripts/stack/worker-runtime.ts';
import { median, ms, timed, type Finding } from './statistics.ts';

const ROUNDS = 9;
const START_UP_MS_MAX = 100;
const BUNDLE_KIB_MAX = 400;
export const EMPTY_WORKER = `
import { DurableObject } from 'cloudflare:workers';
${Object.values(API_OBJECTS)
  .map((name) => `export class ${name} extends DurableObject {}`)
  .join('\n')}
export default { fetch: () => new Response('{}') };`;

export async function firstAnswer(script: string): Promise<number> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      log: new NoOpLog(),
      handleStructuredLogs: () => {},
      workers: [
        {
          name: 'api',
          modules: true,
          script,
          compatibilityDate: COMPATIBILITY_DATE,
          compatibilityFlags: ['nodejs_compat'],
          durableObjects: Object.fromEntries(
            Object.entries(API_OBJECTS).map(([binding, className]) => [
              binding,
              { className, useSQLite: true },
            ]),
          ),
          bindings: { API_DOMAIN: 'api.localhost', DATABASE_URL: 'http://127.0.0.1:1', DATABASE_TOKEN: '' },
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        },
      ],
    }),
  );
  try {
    return await timed(async () => {
      await miniflare.ready;
      const url = await miniflare.unsafeGetDirectURL('api');
      // No database, no object: only what the module does when it is evaluated, and finding no route.
      await (await fetch(new URL('/api/v1/nowhere', url))).text();
    });
  } finally {
    await miniflare.dispose();
  }
}

export async function measureStartUp(): Promise<Finding[]> {
  const { script } = await bundleWorker(join(REPOSITORY_ROOT, 'workers/api/src/index.ts'));
  const [empty, full]: [number[], number[]] = [[], []];
  await firstAnswer(EMPTY_WORKER);
  for (let round = 0; round < ROUNDS; round += 1) {
    empty.push(await firstAnswer(EMPTY_WORKER));
    full.push(await firstAnswer(script));
  }
  const above = median(full) - median(empty);
  const kib = gzipSync(script).length / 1024;
  return [
    {
      what: `api worker, spawn to first answer, above an empty worker (${ms(median(empty))})`,
      measured: `+${ms(above)}`,
      target: `≤ +${START_UP_MS_MAX} ms`,
      isMet: above <= START_UP_MS_MAX,
    },
    {
      what: 'bundle of api, gzipped',
      measured: `${kib.toFixed(0)} KiB`,
      target: `≤ ${BUNDLE_KIB_MAX} KiB`,
      isMet: kib <= BUNDLE_KIB_MAX,
    },
  ];
}
