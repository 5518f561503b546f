/** `npm test`: all tests, or those that the arguments select (they are vitest's own). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';
import { onStopRequest } from './stack/stop-request.ts';

if (process.platform !== 'linux') {
  process.stderr.write('The tests start real containers and need Linux.\n');
  process.exit(1);
}
const vitest = join(REPOSITORY_ROOT, 'node_modules/vitest/vitest.mjs');
if (!existsSync(vitest)) {
  process.stderr.write('vitest is not installed; run npm ci.\n');
  process.exit(1);
}
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: REPOSITORY_ROOT,
  stdio: 'inherit',
  env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
});
onStopRequest(async () => void child.kill('SIGINT'));
child.on('exit', (code) => process.exit(code ?? 1));
