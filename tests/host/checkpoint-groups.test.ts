import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';

describe('the control groups of a machine that was restored with its memory', () => {
  const host = new TestHost();
  const { control } = host;
  const spec = makeSpec({ image: 'busybox', memory_bytes: 64 * 1024 * 1024 });
  const id = spec.container_id;
  let daemon: DaemonProcess;

  beforeAll(async () => {
    await control.listen();
    daemon = await host.startDaemon();
  });
  afterAll(async () => {
    await control.run(spec, 'delete');
    await host.close();
  });

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
    await control.run(spec, 'create');
    // What comes in from outside is put into a group in the machine's own where the hierarchy is of version 2.
    expect(await daemon.shell(id, 'echo alive')).toBe('alive');
    const before = readOwners();
    expect(before.some((line) => /cgroup\.procs 0:[1-9][0-9]* 664$/.test(line))).toBe(true);
    await control.run(spec, 'snapshot', { parameters: { snapshot_name: 'held', stateful: true } });
    const parameters = { snapshot_name: 'held', run_after: true };
    const restored = await control.run(spec, 'restore', { parameters });
    expect(restored).toMatchObject({ result: { restored_as: 'memory' } });
    expect(readOwners()).toEqual(before);
  });
});
