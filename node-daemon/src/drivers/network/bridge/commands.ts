import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const timeoutMs = 10_000;

/** Runs a program with `input` as its standard input; rejects with what it printed when it fails. */
export async function runCommand(
  command: string,
  commandArguments: readonly string[],
  input = '',
): Promise<string> {
  const running = run(command, [...commandArguments], { timeout: timeoutMs, maxBuffer: 4 * 1024 * 1024 });
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** The same, at once; throws when it fails. */
export function runCommandSync(command: string, commandArguments: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(command, [...commandArguments], {
    input,
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr.trim().slice(0, 500)}`);
  return stdout;
}
