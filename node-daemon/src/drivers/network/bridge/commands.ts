import { spawnSync } from 'node:child_process';
import { runBriefly } from '../../../command-shell/run-briefly.ts';

const timeoutMs = 30_000;

/** Runs a program with `input` as its standard input; rejects with what it printed when it fails. */
export function runCommand(command: string, argv: readonly string[], input = ''): Promise<string> {
  return runBriefly({ command, argv, input, timeoutMs });
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
