import { spawn } from 'node:child_process';
import { fail, succeed, systemErrorCode, type Outcome } from '../../outcome.ts';
import type { ExecuteRequest, ExecuteResult } from '../types.ts';

const timeoutExitCode = 124;

export type CollectedCommand = {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  /** The whole environment of the host process. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * How long output is still read after the command ended while something that it left running holds its
   * pipes; null: until they are closed or the timeout is over.
   */
  readonly lingerMs: number | null;
};

/**
 * Runs a host command that enters a machine, with descriptors 0 to 2 only, and collects what it prints.
 * After the timeout its process group is killed.
 */
export async function runCollected(
  command: CollectedCommand,
  request: ExecuteRequest,
): Promise<Outcome<ExecuteResult>> {
  const child = spawn(command.command, [...command.arguments], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: command.cwd,
    env: { ...command.environment },
  });
  const stdout = collect(child.stdout, request.outputBytesMax);
  const stderr = collect(child.stderr, request.outputBytesMax);
  child.stdin.on('error', () => undefined);
  child.stdin.end(request.stdin ?? undefined);
  const letGo = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  let timedOut = false;
  const timers = [
    setTimeout(() => {
      timedOut = true;
      endGroup(child.pid);
      // A process that left the group may hold the pipes: it is not waited for.
      letGo();
    }, request.timeoutMs),
  ];
  const { lingerMs } = command;
  if (lingerMs !== null) child.once('exit', () => timers.push(setTimeout(letGo, lingerMs)));
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
    });
    return succeed({
      exitCode: timedOut ? timeoutExitCode : exitCode,
      stdout: stdout.take(),
      stderr: stderr.take(),
      truncated: stdout.truncated() || stderr.truncated(),
      timedOut,
    });
  } catch (error) {
    if (systemErrorCode(error) === 'E2BIG') return fail('DRIVER_FAILED', 'The command is too long.');
    return fail('DRIVER_FAILED', 'The command could not be run.');
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

/** Keeps the first `bytesMax` bytes of a stream and reads the rest without keeping it. */
function collect(
  stream: NodeJS.ReadableStream,
  bytesMax: number,
): { take: () => Buffer; truncated: () => boolean } {
  const chunks: Buffer[] = [];
  let kept = 0;
  let truncated = false;
  stream.on('data', (chunk: Buffer) => {
    const room = bytesMax - kept;
    if (chunk.length > room) truncated = true;
    if (room <= 0) return;
    const part = chunk.subarray(0, room);
    chunks.push(part);
    kept += part.length;
  });
  stream.on('error', () => undefined);
  return { take: () => Buffer.concat(chunks), truncated: () => truncated };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 1;
}
