import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../testing/wait-for.ts';
import { readProcesses } from './read-processes.ts';

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Runs `action` while a shell runs `script`. */
async function beside(script: string, action: (shell: number) => Promise<void>): Promise<void> {
  const shell = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
  try {
    await action(shell.pid ?? 0);
  } finally {
    shell.kill('SIGKILL');
  }
}

describe('a look at processes', () => {
  it('leaves out those that end meanwhile, and sees the others in the namespaces that they are in', async () => {
    const [own] = readProcesses([process.pid]);
    expect(own?.namespaces['net']).toMatch(/^net:/);
    await beside('while :; do /bin/true; done', async (shell) => {
      let seen = 0;
      await waitFor('some hundred processes that begin and end', async () => {
        for (let look = 0; look < 50; look += 1) {
          const views = readProcesses(childrenOf(shell)).filter((view) => !view.isZombie);
          for (const view of views) expect(view.namespaces).toEqual(own?.namespaces);
          seen += views.length;
        }
        return seen > 300;
      });
    });
  });

  it('knows a zombie as one', async () => {
    // The shell becomes a program that never asks for its child.
    await beside('/bin/true & exec sleep 1000', async (shell) => {
      const zombie = await waitFor('the zombie', async () =>
        readProcesses(childrenOf(shell)).find((view) => view.isZombie),
      );
      expect(zombie).toMatchObject({ parentPid: shell });
    });
  });

  it('finds nothing of a process that is gone', () => {
    expect(readProcesses([2 ** 22 + 1])).toEqual([]);
  });
});
