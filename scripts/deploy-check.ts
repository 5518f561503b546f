/** `npm run deploy:check`: a dry-run deployment of each worker, with the size of its bundle. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

const API_KIB_MAX = 400;
/** Two libraries that nothing else needs: Stripe's own, and the one that makes PDFs. */
const BILLING_KIB_MAX = 800;
const WORKERS = [
  { name: 'realm-router', config: 'wrangler.toml', gzipKibMax: 100 },
  { name: 'api', config: 'workers/api/wrangler.toml', gzipKibMax: API_KIB_MAX },
  { name: 'billing', config: 'workers/billing/wrangler.toml', gzipKibMax: BILLING_KIB_MAX },
];

/** Gzipped KiB of the bundle, or null when the deployment would fail (the tool's output is then shown). */
function dryRun(config: string): number | null {
  const wrangler = join(REPOSITORY_ROOT, 'node_modules/wrangler/bin/wrangler.js');
  const result = spawnSync(
    process.execPath,
    [wrangler, 'deploy', '--dry-run', '--env', 'production', '-c', join(REPOSITORY_ROOT, config)],
    {
      cwd: REPOSITORY_ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        CI: 'true',
      },
    },
  );
  const size = /gzip: ([\d.]+) KiB/.exec(result.stdout)?.[1];
  if (result.status === 0 && size !== undefined) return Number(size);
  process.stderr.write(`${result.stdout}\n${result.stderr}\n`);
  return null;
}

let hasFailed = false;
for (const { name, config, gzipKibMax } of WORKERS) {
  const size = dryRun(config);
  const isGood = size !== null && size <= gzipKibMax;
  const verdict = size === null ? 'failed' : `${size} KiB gzipped (at most ${gzipKibMax})`;
  process.stdout.write(`${isGood ? 'ok  ' : 'FAIL'} ${name}: ${verdict}\n`);
  hasFailed ||= !isGood;
}
process.exitCode = hasFailed ? 1 : 0;
