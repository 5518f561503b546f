import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { runBriefly } from '../../command-shell/run-briefly.ts';

/** What is kept of a streaming command's messages, for the error. */
const messageBytesMax = 4096;

/** Runs a host command and gives its standard output; throws when it fails, with what it said. */
export async function runCommand(command: string, ...argv: readonly string[]): Promise<string> {
  return runBriefly({ command, argv });
}

/** Runs a host command that writes a stream. Throws when either end fails; the command has ended then. */
export async function streamFrom(command: string, argv: readonly string[], into: Writable): Promise<void> {
  const child = spawn(command, [...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = endOf(command, child);
  await settleBoth(
    pipeline(child.stdout, into).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    }),
    ended,
  );
}

/**
 * Runs a host command that reads a stream. Throws when the stream breaks off or the command fails; the
 * command has ended then. What the command does not read any more, the padding of an archive, is passed over.
 * `whenBroken`: one that keeps what has come of a stream that broke off is let end by itself.
 */
export async function streamInto(
  command: string,
  argv: readonly string[],
  stream: Readable,
  whenBroken: 'kill' | 'end' = 'kill',
): Promise<void> {
  const child = spawn(command, [...argv], { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = endOf(command, child);
  const taken = finished(stream).catch((error: unknown) => {
    if (whenBroken === 'end') child.stdin.end();
    else child.kill('SIGKILL');
    throw error;
  });
  const passOver = (): void => {
    stream.unpipe(child.stdin);
    stream.resume();
  };
  child.stdin.on('error', passOver);
  child.stdin.on('close', passOver);
  stream.pipe(child.stdin);
  await settleBoth(taken, ended);
}

function endOf(command: string, child: ReturnType<typeof spawn>): Promise<void> {
  let message = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    message = `${message}${chunk.toString()}`.slice(-messageBytesMax);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${signal ?? code}: ${message.trim()}`));
    });
  });
}

/** Waits for both, then throws the command's error before the pipe's: it says more. */
async function settleBoth(pipe: Promise<void>, ended: Promise<void>): Promise<void> {
  const [piped, run] = await Promise.allSettled([pipe, ended]);
  if (run.status === 'rejected') throw run.reason;
  if (piped.status === 'rejected') throw piped.reason;
}
