import { afterAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { RealHost } from './support/real-host.ts';

describe('a real machine', () => {
  const host = new RealHost();
  afterAll(() => host.close());

  it('lives: create, exec, pause, resume, stop, start, kill, delete, with its files kept', async () => {
    const machine = host.machine({ name: 'My Box' });
    await machine.create();
    expect(await machine.state()).toBe('running');
    expect(await machine.shell('id -u; hostname; echo kept >/root/file')).toBe('0\nmy-box');

    await machine.shell('(while :; do n=$((n+1)); echo $n >/root/count; done) >/dev/null 2>&1 &');
    await waitFor('the counter', async () => Number(await machine.shell('cat /root/count')) > 10);
    const initPid = await machine.initPid();
    await machine.freeze();
    expect(await machine.state()).toBe('paused');
    const frozen = await host.set.container.execute(machine.containerId, {
      argv: ['/bin/true'],
      environment: {},
      stdin: null,
      timeoutMs: 1000,
      outputBytesMax: 10,
    });
    expect(frozen).toMatchObject({ ok: false, failure: { code: 'WRONG_STATE' } });
    await machine.thaw();
    expect(await machine.state()).toBe('running');
    expect(await machine.initPid()).toBe(initPid);

    await machine.stop();
    expect(await machine.state()).toBe('stopped');
    await machine.start();
    expect(await machine.shell('cat /root/file')).toBe('kept');

    const killed = await host.set.container.kill(machine.containerId);
    expect(killed.ok).toBe(true);
    expect(await machine.state()).toBe('stopped');
    await machine.start();
    await machine.freeze();
    await machine.delete();
    expect(await machine.state()).toBe('absent');
  });

  it('is unprivileged: its root is nobody on the host, and it sees none of the host’s processes', async () => {
    const machine = host.machine();
    await machine.create();
    expect(await machine.shell('cat /proc/self/uid_map')).toMatch(/^\s+0\s+19\d+\s+65536$/);
    expect(await machine.shell('mknod /tmp/disk b 254 0 2>/dev/null && echo made')).toBe('');
    expect(Number(await machine.shell('ls -d /proc/[0-9]* | wc -l'))).toBeLessThan(8);
    expect(await machine.shell('ls /dev/vda /dev/sda 2>/dev/null')).toBe('');
  });

  it('has its environment, its SSH key and a name resolver inside', async () => {
    const machine = host.machine({
      environment_vars: { GREETING: 'good "day" $HOME', MULTI: 'two\nlines' },
      ssh_public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 someone',
    });
    await machine.create();
    expect(await machine.shell('echo "$GREETING"; echo "$MULTI"')).toBe('good "day" $HOME\ntwo\nlines');
    expect(await machine.shell('. /etc/environment; echo "$GREETING"')).toBe('good "day" $HOME');
    expect(await machine.shell('tr "\\0" "\\n" </proc/1/environ')).toContain('GREETING=good "day" $HOME');
    expect(await machine.shell('cat /root/.ssh/authorized_keys; stat -c %a /root/.ssh')).toBe(
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 someone\n700',
    );
    expect(await machine.shell('ls /etc/resolv.conf')).toBe('/etc/resolv.conf');
    expect(await machine.shell('echo $ONCE', { ONCE: 'yes' })).toBe('yes');
  });

  it('can’t make the host write outside of its disk', async () => {
    const machine = host.machine({ environment_vars: { SECRET: 'value' } });
    await machine.create();
    await machine.shell('rm -rf /root/.ssh /etc/environment; mv /etc /real; ln -s /tmp/elsewhere /etc');
    await machine.stop();
    await machine.start();
    expect(await machine.shell('readlink /etc; ls /tmp/elsewhere 2>/dev/null')).toBe('/tmp/elsewhere');
  });

  it('keeps its memory disk over restarts, and loses it when it is deleted', async () => {
    const machine = host.machine({ ramdisk: true });
    await machine.create();
    await machine.shell('echo still here >/ramdisk/note');
    await machine.stop();
    await machine.start();
    expect(await machine.shell('cat /ramdisk/note; mount | grep -c " /ramdisk type tmpfs"')).toBe(
      'still here\n1',
    );
    await machine.delete();
    expect(host.traces()['mounts']?.filter((mount) => mount.includes(machine.containerId))).toEqual([]);
  });

  it('outlives its daemon and is found again, and an exit meanwhile is seen', async () => {
    const machine = host.machine();
    const other = host.machine();
    await machine.create();
    await other.create();
    const initPid = await machine.initPid();
    process.kill(await other.initPid(), 'SIGKILL');
    await host.reopen();
    expect(await host.set.container.list()).toContain(machine.containerId);
    expect(await host.set.container.observe(machine.containerId)).toMatchObject({
      state: 'running',
      initPid,
    });
    expect(await host.set.container.observe(other.containerId)).toMatchObject({ state: 'stopped' });
    expect(await machine.shell('echo reached')).toBe('reached');
  });

  it('is reported when it ends by itself', async () => {
    const machine = host.machine();
    await machine.create();
    const exits: string[] = [];
    host.set.container.onExit((containerId) => exits.push(containerId));
    await machine.shell('poweroff -f').catch(() => '');
    await waitFor('the exit', () => exits.includes(machine.containerId));
    expect(await machine.state()).toBe('stopped');
  });

  it('is ended at its deadline when it does not stop by itself', async () => {
    const machine = host.machine();
    await machine.create();
    await machine.shell('printf "#!/bin/sh\\nsleep 1000\\n" >/etc/shutdown');
    const startedAt = performance.now();
    const stopped = await host.set.container.stop(machine.containerId, 300, new AbortController().signal);
    expect(stopped.ok).toBe(true);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    expect(await machine.state()).toBe('stopped');
  });

  it('gives exit codes and bounded output, and ends a command at its timeout', async () => {
    const machine = host.machine();
    await machine.create();
    const run = (command: string, timeoutMs = 10_000) =>
      host.set.container.execute(machine.containerId, {
        argv: ['/bin/sh', '-c', command],
        environment: {},
        stdin: Buffer.from('input'),
        timeoutMs,
        outputBytesMax: 1000,
      });
    expect(await run('cat; exit 7')).toMatchObject({ value: { exitCode: 7, truncated: false } });
    expect(await run('yes | head -c 5000')).toMatchObject({ value: { truncated: true, exitCode: 0 } });
    expect(await run('sleep 100', 200)).toMatchObject({ value: { exitCode: 124, timedOut: true } });
    // What goes on in the background holds the pipes, and is not waited for.
    const startedAt = performance.now();
    expect(await run('sleep 100 & echo begun')).toMatchObject({ value: { exitCode: 0 } });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const listing = await host.set.container.execute(machine.containerId, {
      argv: ['ls', '/proc/self/fd'],
      environment: {},
      stdin: null,
      timeoutMs: 10_000,
      outputBytesMax: 1000,
    });
    // Its own three, and the directory that it reads: nothing of the host's leaks in.
    expect(listing.ok && listing.value.stdout.toString().trim().split(/\s+/)).toEqual(['0', '1', '2', '3']);
  });
});
