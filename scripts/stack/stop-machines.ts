import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readDaemonStatus } from '../../node-daemon/src/local-api/client.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 15_000;
const POLL_MS = 50;
/** The discard port: nobody answers, and nobody is to. */
const NOWHERE = 'http://127.0.0.1:9';

/**
 * Stops the machines that a killed daemon left running, whatever driver made them: a daemon is started on
 * its data without a control plane, takes the machines over, and ends with `--on-exit stop`.
 */
export async function stopMachines(hostFolder: string): Promise<void> {
  if (!existsSync(hostFolder)) return;
  const flags = {
    '--data-dir': hostFolder,
    '--control-url': NOWHERE,
    '--on-exit': 'stop',
    '--metrics-port': 'off',
  };
  const main = join(REPOSITORY_ROOT, 'node-daemon/src/main.ts');
  const daemon = spawn(process.execPath, [main, 'run', ...Object.entries(flags).flat()], { stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  const deadline = performance.now() + START_MS_MAX;
  // A host that was never enrolled has no machines: its daemon ends by itself.
  while (daemon.exitCode === null && performance.now() < deadline) {
    const isUp = await readDaemonStatus(hostFolder).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  daemon.kill('SIGTERM');
  const force = setTimeout(() => daemon.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(force);
}
