import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Waits until no other process holds the lock of this file, and holds it until what it gives is called, or this
 * process ends. Rejects when there is no `flock`.
 */
export async function holdLock(file: string): Promise<() => Promise<void>> {
  mkdirSync(dirname(file), { recursive: true });
  // Ends with its input, which is closed when this process ends, however it does.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(holder, 'close');
  await Promise.race([once(holder.stdout, 'data'), ended.then(() => Promise.reject(new Error('No lock.')))]);
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
