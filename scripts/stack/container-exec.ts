import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './repository-root.ts';

const DAEMON_MAIN = join(REPOSITORY_ROOT, 'node-daemon/src/main.ts');
const TIMEOUT_MS = 30_000;

/**
 * Runs a command in a container of this machine through the daemon's local socket, which is for operators
 * only, and returns what it printed. Rejects when it can't run or fails.
 *
 * @param hostFolder the daemon's data folder
 */
export function execInContainer(
  hostFolder: string,
  containerId: string,
  argv: readonly string[],
): Promise<string> {
  const args = [DAEMON_MAIN, 'exec', '--data-dir', hostFolder, containerId, '--', ...argv];
  return new Promise((done, reject) => {
    execFile(process.execPath, args, { timeout: TIMEOUT_MS, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else reject(new Error(`the command in ${containerId} failed: ${stderr.trim() || error.message}`));
    });
  });
}
