import type { MachineSpec } from '@control-plane/contract/link';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { patience, waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { countsOn } from './support/counts-on.ts';

const limitFiles = ['memory.limit_in_bytes', 'memory.max', 'cpu.cfs_quota_us', 'cpu.max', 'pids.max'];

/** What the kernel has been told about a machine, by the names of version 1 or 2; wherever its groups are. */
function readLimits(containerId: string): Record<string, string> {
  const names = limitFiles.flatMap((name) => ['-o', '-path', `*/${containerId}/${name}`]).slice(1);
  const found = execFileSync('find', ['/sys/fs/cgroup', '-not', '-path', '*/monitors/*', '(', ...names, ')']);
  const files = found.toString().trim().split('\n');
  return Object.fromEntries(files.map((file) => [path.basename(file), readFileSync(file, 'utf8').trim()]));
}

function limitsOf({ memory_bytes: memory, cpu_cores: cores }: MachineSpec): Record<string, unknown> {
  const [bytes, quota] = [String(memory), String((cores ?? 0) * 100_000)];
  const memoryFile = existsSync('/sys/fs/cgroup/memory')
    ? { 'memory.limit_in_bytes': bytes }
    : { 'memory.max': bytes };
  const cpuFile = existsSync('/sys/fs/cgroup/cpu')
    ? { 'cpu.cfs_quota_us': quota }
    : { 'cpu.max': `${quota} 100000` };
  return { ...memoryFile, ...cpuFile, 'pids.max': '4096' };
}

const allKills = [
  ['snapshot', 'dump-memory', 'acted'],
  ['snapshot', 'copy-volume', 'acted'],
  ['snapshot', 'place-memory', 'before'],
  ['snapshot', 'place-memory', 'acted'],
  ['snapshot', 'publish-snapshot', 'before'],
  ['restore', 'swap-volume', 'acted'],
  ['restore', 'start-machine', 'before'],
  ['restore', 'start-machine', 'acted'],
  ['restore', 'discard-replaced', 'before'],
] as const;
/** Where a round takes a minute: those that leave most half done. */
const kills =
  patience < 5
    ? allKills
    : allKills.filter(([, step, moment]) => /dump|swap|start/.test(step) && moment === 'acted');

/** A counter that is started from inside, so that pid 1 owns it, and one that prints. */
const counter = 'n=0; while :; do n=$((n+1)); echo $n >/root/count; sleep 0.02; done';

describe('memory that can’t be held, or whose daemon dies', () => {
  const host = new TestHost();
  const { control } = host;
  const spec = makeSpec({ image: 'busybox', memory_bytes: 96 * 1024 * 1024 });
  const id = spec.container_id;
  let daemon: DaemonProcess;

  beforeAll(async () => {
    await control.listen();
    daemon = await host.startDaemon();
    await control.run(spec, 'create');
    await daemon.shell(id, `setsid sh -c '${counter}' </dev/null >/dev/null 2>&1 &`);
    await advances();
  });
  afterAll(async () => {
    await control.run(spec, 'delete');
    await host.close();
  });

  const count = async (): Promise<number> => Number(await daemon.shell(id, 'cat /root/count'));
  const advances = (): Promise<void> => countsOn(count);
  const snapshot = (name: string) =>
    control.run(spec, 'snapshot', { parameters: { snapshot_name: name, stateful: true } });
  const restore = (name: string) =>
    control.run(spec, 'restore', { parameters: { snapshot_name: name, run_after: true } });

  it('a process that was started from outside and still runs is named, and nothing is touched', async () => {
    const outside = daemon.execute(id, '/bin/sh', '-c', 'sleep 3; echo ended');
    await waitFor('it to run', async () => /sleep 3/.test(await daemon.shell(id, 'ps')));
    const refused = await snapshot('refused');
    expect(refused).toMatchObject({
      type: 'failed',
      error: { code: 'CAPABILITY_MISSING', state: 'running' },
    });
    expect(refused.type === 'failed' && refused.error.message).toMatch(
      /^sh \(process \d+\) was started from outside/,
    );
    expect(refused.type === 'failed' && refused.error.step).toBeUndefined();
    await advances();
    expect(Buffer.from((await outside).stdout_base64, 'base64').toString()).toBe('ended\n');
    expect(await snapshot('refused')).toMatchObject({ type: 'completed' });
  });

  it('a network device of the machine’s own is named', async () => {
    await daemon.shell(id, 'ip link add dummy7 type bridge');
    expect(await snapshot('device')).toMatchObject({ error: { message: expect.stringContaining('dummy7') } });
    await daemon.shell(id, 'ip link delete dummy7');
    await advances();
  });

  it('limits are the same files with the same values after a restore', async () => {
    const before = readLimits(id);
    expect(before).toEqual(limitsOf(spec));
    expect(await snapshot('limits')).toMatchObject({ type: 'completed' });
    expect(await restore('limits')).toMatchObject({ result: { restored_as: 'memory' } });
    expect(readLimits(id)).toEqual(before);
    const greedy = await daemon.execute(
      id,
      '/bin/sh',
      '-c',
      'head -c 300000000 /dev/zero | tail -c 300000000 >/dev/null',
    );
    expect(greedy.exit_code).not.toBe(0);
    await advances();
  });

  it('a paused machine is held as it is, stays paused, and comes back running', async () => {
    await control.run(spec, 'pause');
    expect(await snapshot('paused')).toMatchObject({ type: 'completed', result: { state: 'paused' } });
    await control.run(spec, 'resume');
    await advances();
    expect(await restore('paused')).toMatchObject({ result: { state: 'running', restored_as: 'memory' } });
    await advances();
  });

  it.each(kills)(
    'SIGKILL of the daemon: %s at %s (%s) is finished by the next one',
    async (command, step, moment) => {
      const name = `killed-${command}-${step}-${moment}`;
      if (command === 'restore') expect(await snapshot(name)).toMatchObject({ type: 'completed' });
      await daemon.stop();
      daemon = await host.startDaemon({ fault: `${command}:${step}:kill:${moment}` });
      const parameters = {
        snapshot_name: name,
        ...(command === 'snapshot' ? { stateful: true } : { run_after: true }),
      };
      const dispatch = control.makeDispatch(spec, command, { parameters });
      control.send(dispatch);
      await daemon.exited();
      daemon = await host.startDaemon();
      const ended = await control.ended(dispatch.operation_id);
      expect(ended).toMatchObject({ type: 'completed', result: { state: 'running' } });
      await advances();
      if (command === 'snapshot')
        expect(await restore(name)).toMatchObject({ result: { restored_as: 'memory' } });
      await advances();
    },
  );
});
