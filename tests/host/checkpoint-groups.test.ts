import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { provideMachine } from './support/provide-machine.ts';

describe('the control groups of a machine that was restored with its memory', () => {
  const machine = provideMachine({ image: 'busybox', memory_bytes: 64 * 1024 * 1024 });
  const { container_id: id } = machine.spec;

  /** Owner, group and mode of each of the machine's groups on the host, and of the files in them. */
  const readOwners = (): string[] => {
    const where = ['/sys/fs/cgroup', '-path', `*/${id}*`, '-not', '-path', '*/monitors/*'];
    const found = execFileSync('find', [...where, '-printf', '%P %U:%G %m\\n'], { encoding: 'utf8' });
    return found
      .split('\n')
      .filter((line) => line !== '')
      .toSorted();
  };

  it('have the owners that they had: it may use its own, and can’t lift its limits', async () => {
    await machine.run('create');
    // What comes in from outside is put into a group in the machine's own where the hierarchy is of version 2.
    expect(await machine.shell('echo alive')).toBe('alive');
    const before = readOwners();
    expect(before.some((line) => /cgroup\.procs 0:[1-9][0-9]* 664$/.test(line))).toBe(true);
    await machine.snapshot('held');
    expect(await machine.restore('held')).toMatchObject({ result: { restored_as: 'memory' } });
    expect(readOwners()).toEqual(before);
  });
});
