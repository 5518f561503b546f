import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { RealHost } from './support/real-host.ts';

const MIB = 1024 * 1024;

describe('limits of a real machine', () => {
  const host = new RealHost();
  afterAll(() => host.close());

  it('memory: what takes more is ended, the machine lives on', async () => {
    const machine = host.machine({ memory_bytes: 64 * MIB });
    await machine.create();
    const filled = await machine.shell(
      'head -c 200000000 /dev/zero | tail -c 190000000 >/dev/null; echo "end $?"',
    );
    expect(filled).not.toContain('end 0');
    expect(await machine.state()).toBe('running');
    const definition = await host.set.container.definition(machine.containerId);
    if (definition === undefined) throw new Error('no definition');
    const stats = await host.set.container.stats(definition, 1);
    expect(stats).toMatchObject({ value: { memory_limit_bytes: 64 * MIB, disk_bytes: 1 } });
    if (!stats.ok) throw new Error('no stats');
    expect(stats.value.memory_peak_bytes).toBeLessThanOrEqual(64 * MIB);
    expect(stats.value.network.map((each) => each.interface)).toContain('eth0');
  });

  it('cpu: a busy loop gets its share and no more', async () => {
    const machine = host.machine({ cpu_cores: 0.2 });
    await machine.create();
    const used = async (): Promise<number> => {
      const definition = await host.set.container.definition(machine.containerId);
      const stats = definition && (await host.set.container.stats(definition, null));
      return stats?.ok === true ? (stats.value.cpu_usage_ns ?? 0) : 0;
    };
    const before = await used();
    const startedAt = performance.now();
    await machine.shell('timeout 1 sh -c "while :; do :; done"');
    const share = ((await used()) - before) / 1e6 / (performance.now() - startedAt);
    expect(share).toBeLessThan(0.35);
    expect(share).toBeGreaterThan(0.02);
  });

  it('pids: forks fail at the bound, the machine lives on', async () => {
    const machine = host.machine();
    await machine.create();
    const own = `*/${machine.containerId}/pids.max`;
    const groups = execFileSync('find', ['/sys/fs/cgroup', '-path', own, '-not', '-path', '*/monitors/*']);
    const files = groups.toString().trim().split('\n');
    expect(files).toHaveLength(1);
    const [file = ''] = files;
    expect(readFileSync(file, 'utf8').trim()).toBe('4096');
    // Forking so often takes long: a lower bound shows as well that the kernel counts the machine's processes.
    writeFileSync(file, '30');
    const said = await machine.shell(
      'n=0; while [ $n -lt 60 ]; do sleep 5 & n=$((n+1)); done 2>&1 | tail -1',
    );
    expect(said).toMatch(/fork/);
    writeFileSync(file, '4096');
    expect(await machine.state()).toBe('running');
  });

  it('change while it runs, and hold after a restart', async () => {
    const machine = host.machine({ memory_bytes: 64 * MIB, cpu_cores: 1 });
    await machine.create();
    const before = await host.set.container.definition(machine.containerId);
    if (before === undefined) throw new Error('no definition');
    const spec = { ...before.spec, memory_bytes: 96 * MIB, cpu_cores: 0.5, name: 'renamed' };
    expect(await host.set.container.update({ incarnation: 1, spec })).toEqual({
      ok: true,
      value: { synced: true },
    });
    expect(await machine.shell('hostname; cat /etc/hostname')).toBe('renamed\nrenamed');
    const tooLittle = { ...spec, memory_bytes: 4096 };
    expect((await host.set.container.update({ incarnation: 1, spec: tooLittle })).ok).toBe(false);
    expect(await machine.state()).toBe('running');
  });

  it.skipIf(!existsSync('/dev/kvm'))(
    '/dev/kvm can be opened inside when asked for, and only then',
    async () => {
      const [given, plain] = [host.machine({ kvm: true }), host.machine()];
      await given.create();
      await plain.create();
      expect(await given.shell(': <>/dev/kvm && echo open')).toBe('open');
      expect(await plain.shell('ls /dev/kvm 2>/dev/null')).toBe('');
    },
  );
});
