import { executeThroughDaemon } from '../../node-daemon/src/local-api/client.ts';

const TIMEOUT_MS = 30_000;

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

/**
 * Runs a command in a container of this machine through the daemon's local socket, which is for operators
 * only, and returns what it printed. Rejects when it can't run, fails or takes longer than 30 s.
 *
 * @param hostFolder the daemon's data folder
 */
export async function execInContainer(
  hostFolder: string,
  containerId: string,
  argv: readonly string[],
): Promise<string> {
  const body = { container: containerId, argv: [...argv], timeout_ms: TIMEOUT_MS };
  const answer = await executeThroughDaemon(hostFolder, body);
  if (answer.timed_out) throw new Error(`the command in ${containerId} took longer than ${TIMEOUT_MS} ms`);
  if (answer.exit_code === 0) return textOf(answer.stdout_base64);
  throw new Error(
    `the command in ${containerId} ended with ${answer.exit_code}: ${textOf(answer.stderr_base64)}`,
  );
}
