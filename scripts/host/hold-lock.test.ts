import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { holdLock } from './hold-lock.ts';

describe('a lock between commands', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'));
  const file = join(directory, 'cache', 'lock');
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is one process’s at a time, in the order in which it is let go', async () => {
    const order: string[] = [];
    const release = await holdLock(file);
    const second = holdLock(file).then((releaseSecond) => {
      order.push('second');
      return releaseSecond();
    });
    order.push('first');
    await release();
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  it('goes with the process that held it, however that ends', async () => {
    const program = `const { holdLock } = await import('${import.meta.dirname}/hold-lock.ts');
      await holdLock('${file}'); console.log('held'); setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    const mine = holdLock(file);
    other.kill('SIGKILL');
    await (
      await mine
    )();
    expect(other.killed).toBe(true);
  });
});
