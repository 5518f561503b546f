import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLeftovers } from '../../../testing/host-leftovers.ts';
import { makeSpec, whyNoMachines } from '../../../testing/test-host.ts';
import { waitFor } from '../../../testing/wait-for.ts';
import { bareMachine, type BareMachine } from '../../bare-machine.ts';
import { openNamespacesSet } from '../../namespaces-set.ts';
import type { DriverSet, ExecuteRequest } from '../../types.ts';
import type { IsolationMode } from './mount-tables.ts';
import { freezeBySignal, isStopped, thawBySignal } from './signal-freezer.ts';

const isRoot = process.geteuid?.() === 0;
const modes: IsolationMode[] = isRoot ? ['mapped', 'plain'] : ['user'];

describe.skipIf(whyNoMachines() !== undefined).each(modes)('machines of plain namespaces (%s)', (mode) => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'nd-driver-'));
  const spec = makeSpec({
    memory_bytes: 96 * 1024 * 1024,
    cpu_cores: 0.25,
    ssh_public_key: 'ssh-ed25519 AAAA test',
  });
  let set: DriverSet;
  let machine: BareMachine;

  beforeAll(async () => {
    const attempt = openNamespacesSet(dataDir, mode);
    if (!attempt.available) throw new Error(attempt.reason);
    set = attempt.set;
    machine = bareMachine(set, spec);
    await machine.create();
  });
  afterAll(async () => {
    await machine.delete();
    await set.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function execute(argv: string[], overrides: Partial<ExecuteRequest> = {}) {
    const outcome = await set.container.execute(machine.containerId, {
      argv,
      environment: {},
      stdin: null,
      timeoutMs: 20_000,
      outputBytesMax: 1024 * 1024,
      ...overrides,
    });
    if (!outcome.ok) throw new Error(outcome.failure.code);
    return outcome.value;
  }
  const shell = async (command: string): Promise<string> => {
    const { stdout, stderr } = await execute(['/bin/sh', '-c', command]);
    return `${stdout}${stderr}`.trimEnd();
  };
  const initPid = async (): Promise<number> =>
    (await set.container.observe(machine.containerId)).initPid ?? 0;

  it('have namespaces of their own, every one', async () => {
    const pid = await initPid();
    const names = ['pid', 'mnt', 'uts', 'ipc', 'net', ...(mode === 'plain' ? [] : ['user'])];
    for (const name of names) {
      expect(readlinkSync(`/proc/${pid}/ns/${name}`)).not.toBe(readlinkSync(`/proc/self/ns/${name}`));
    }
  });

  it('are root inside and powerless outside', async () => {
    expect(await shell('id -u')).toBe('0');
    const status = readFileSync(`/proc/${await initPid()}/status`, 'utf8');
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
    if (mode === 'mapped') expect(uid).toBeGreaterThanOrEqual(1_000_000_000);
    if (mode === 'plain') {
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      const inside = await shell('cat /proc/self/status');
      for (const text of [status, inside]) {
        const bounding = BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)/m.exec(text)?.[1] ?? 'f'}`);
        const [sysModule, sysAdmin, mknod] = [16n, 21n, 27n];
        for (const bit of [sysModule, sysAdmin, mknod]) expect((bounding >> bit) & 1n).toBe(0n);
      }
    }
    expect(await shell('echo x >/proc/sys/kernel/core_pattern')).toMatch(/denied|Read-only/);
    expect(await shell('cat /proc/kmsg')).toMatch(/denied|not permitted/);
    expect(await shell('mount -t ext4 /dev/vda /mnt')).toMatch(/not|denied|failed/);
  });

  it('do not see the host: no files of it, no processes, no old root', async () => {
    const secret = path.join(dataDir, 'host-secret');
    expect(await shell(`ls ${dataDir} ${secret} /mnt`)).toContain('No such file');
    expect(await shell('ls /mnt; ls -d /proc/[0-9]* | wc -l')).toMatch(/^[345]$/);
    expect(await shell('ls /root /home')).not.toContain(
      os.userInfo().username === 'root' ? 'package.json' : os.userInfo().username,
    );
    expect(await shell('cat /etc/shadow')).toContain('No such file');
    expect(await shell('cut -d" " -f5 /proc/self/mountinfo | sort -u | tr "\\n" " "')).not.toContain(dataDir);
  });

  it('have a usable small system: devices, terminals, loopback, temporary space', async () => {
    expect(
      await shell('head -c 4 /dev/zero | wc -c; echo gone >/dev/null; head -c 8 /dev/urandom | wc -c'),
    ).toBe('4\n8');
    expect(await shell('test -c /dev/tty && test -e /dev/ptmx && test -d /dev/pts && echo yes')).toBe('yes');
    expect(await shell('cat /proc/net/if_inet6 | grep -c lo; stat -c %a /tmp /dev/shm')).toBe(
      '1\n1777\n1777',
    );
    expect(await shell('cat /root/.ssh/authorized_keys; stat -c %a /root/.ssh/authorized_keys')).toBe(
      'ssh-ed25519 AAAA test\n600',
    );
    expect(await shell('touch /usr/local/bin/mine /usr/bin/mine /opt/mine && echo written')).toBe('written');
    expect(() => statSync('/usr/bin/mine')).toThrow('ENOENT');
    expect(() => statSync('/usr/local/bin/mine')).toThrow('ENOENT');
  });

  it('run commands with input, environment, exit code, bounded output and a timeout', async () => {
    const echoed = await execute(['cat'], { stdin: Buffer.from('through') });
    expect(echoed.stdout.toString()).toBe('through');
    expect((await execute(['/bin/sh', '-c', 'echo $A; exit 7'], { environment: { A: 'b' } })).exitCode).toBe(
      7,
    );
    expect((await execute(['/no/such'])).exitCode).toBe(127);
    const long = await execute(['/bin/sh', '-c', 'head -c 300000 /dev/zero'], { outputBytesMax: 1000 });
    expect(long.stdout).toHaveLength(1000);
    expect(long.truncated).toBe(true);
    const endless = await execute(['sleep', '1000'], { timeoutMs: 100 });
    expect(endless).toMatchObject({ timedOut: true, exitCode: 124 });
    await waitFor('the command’s end', async () => !(await shell('ps ax')).includes('sleep 1000'));
    expect(
      await set.container.execute('f'.repeat(24), {
        argv: ['true'],
        environment: {},
        stdin: null,
        timeoutMs: 1,
        outputBytesMax: 1,
      }),
    ).toMatchObject({ failure: { code: 'MACHINE_NOT_FOUND' } });
  });

  it('reap the processes that are left to their pid 1', async () => {
    await shell('for i in 1 2 3 4 5; do (sleep 0.01 & ) ; done');
    await waitFor('no zombie', async () => !(await shell('ps axo stat')).includes('Z'));
  });

  it('are held to their limits where the capability says so', async () => {
    const { capabilities } = set.container;
    if (capabilities.memory_limit) {
      // A tail that must keep 300 MB in memory, in a machine of 96 MB.
      const greedy = await execute(['/bin/sh', '-c', 'head -c 300000000 /dev/zero | tail >/dev/null']);
      expect(greedy.exitCode).not.toBe(0);
      expect((await set.container.observe(machine.containerId)).state).toBe('running');
    }
    if (capabilities.cpu_limit) {
      const usage = async (): Promise<number> => {
        const stats = await set.container.stats({ incarnation: 1, spec }, null);
        return stats.ok ? (stats.value.cpu_usage_ns ?? 0) : 0;
      };
      const [cpuBefore, timeBefore] = [await usage(), performance.now()];
      await execute(['/bin/sh', '-c', 'while :; do :; done'], { timeoutMs: 1500 });
      const share = (await usage()) - cpuBefore;
      const elapsedNs = (performance.now() - timeBefore) * 1e6;
      expect(share / elapsedNs).toBeLessThan(0.4);
    }
  }, 30_000);

  it('stand still when frozen, by the freezer and by signals', async () => {
    await shell('(while :; do echo x >>/root/beats; done) >/dev/null 2>&1 </dev/null &');
    const beats = path.join(set.storage.volumePath(machine.containerId), 'root', 'root', 'beats');
    const size = (): number => statSync(beats, { throwIfNoEntry: false })?.size ?? 0;
    await waitFor('a beat', () => size() > 0);
    const pid = await initPid();
    const ways = [
      {
        freeze: () => set.container.freeze(machine.containerId),
        thaw: () => set.container.thaw(machine.containerId),
      },
      { freeze: () => freezeBySignal(pid), thaw: async () => thawBySignal(pid) },
    ];
    for (const { freeze, thaw } of ways) {
      expect(await freeze()).toMatchObject({ ok: true });
      const frozenAt = size();
      // Its processes use no time while others do.
      const deadline = performance.now() + 50;
      while (performance.now() < deadline) expect(size()).toBe(frozenAt);
      await thaw();
      await waitFor('another beat', () => size() > frozenAt);
    }
    expect(isStopped(pid)).toBe(false);
  });

  it('start whatever they did to their own tree', async () => {
    await shell('rm -rf /mnt /proc.d; rm -f /sbin /lib64.old; ln -s /etc /srv/loop; echo ok');
    await machine.stop();
    const root = path.join(set.storage.volumePath(machine.containerId), 'root');
    rmSync(path.join(root, 'dev'), { recursive: true });
    symlinkSync('/etc', path.join(root, 'dev'));
    await machine.start();
    expect(await shell('test -c /dev/null && echo up')).toBe('up');
    expect(() => statSync('/etc/null')).toThrow('ENOENT');
  });

  it('tell when they end, and why they can’t start', async () => {
    const ended = new Promise<string>((resolve) => set.container.onExit(resolve));
    await set.container.kill(machine.containerId);
    expect(await set.container.observe(machine.containerId)).toEqual({
      state: 'stopped',
      initPid: null,
      startedAt: null,
    });
    await machine.start();
    await execute(['/bin/sh', '-c', 'kill -TERM 1']).catch(() => undefined);
    expect(await ended).toBe(machine.containerId);
    await machine.start();
  });

  it('leave nothing on the host when they are deleted', async () => {
    await machine.delete();
    expect(findLeftovers(dataDir, machine.containerId)).toEqual([]);
    expect(await set.container.list()).toEqual([]);
    expect(await set.storage.listVolumes()).toEqual([]);
  });
});
