/** The package and its install script on whole Debian hosts under systemd, from the API and on the host itself. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildPackage } from '../../node-daemon/packaging/build-package.ts';
import { findCriu } from '../../node-daemon/src/drivers/checkpoint/criu/criu-program.ts';
import { ApiClient, eventually, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { hostReleases } from './installed/host-trees.ts';
import { InstalledHost } from './installed/installed-host.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'package-'));
let tarball: string;
beforeAll(async () => {
  tarball = path.join(folder, await buildPackage(folder));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ends when it is told to, and says so on the disk. */
const ORDERLY =
  'ended() { echo ended >/root/ended; exit; }; trap ended TERM; echo up >/root/up; while :; do sleep 0.05; done';

describe.each(hostReleases)('a host of Debian %s under systemd', (release) => {
  let stage: Awaited<ReturnType<typeof temporaryStack>>;
  let api: ApiClient;
  let host: InstalledHost;
  let machine: Container;
  let other: Container;

  beforeAll(async () => {
    host = new InstalledHost(release);
    await host.boot();
    stage = await temporaryStack({ withDaemon: false });
    api = new ApiClient(stage.stack);
    bringCriu();
  });
  afterAll(async () => {
    await host?.close();
    await stage?.release();
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      const { output } = await host.run('journalctl -n 40 --no-pager');
      process.stderr.write(output);
    });
  });

  /** As `get-criu.sh` leaves it on a host that reaches a Debian mirror; its programs know the directory they are in. */
  function bringCriu(): void {
    const criu = findCriu(process.env);
    if (!criu.available) throw new Error(criu.reason);
    const kept = path.resolve(criu.program.file, '../..');
    const target = path.join(host.root, kept);
    const listed = path.join(host.root, 'var/cache/container-control-plane/criu');
    execFileSync('mkdir', ['-p', path.dirname(target), listed]);
    execFileSync('cp', ['-a', kept, target]);
    execFileSync('ln', ['-s', kept, listed]);
  }
  const install = (words: string) => host.run(`cd /root/node-daemon-* && ./install.sh ${words}`);
  const inMachine = (id: string, script: string) =>
    host.sh(`node-daemon exec ${id} -- /bin/sh -c "${script}"`);
  const show = (property: string) => host.sh(`systemctl show -P ${property} node-daemon`);
  const identity = () => host.sh('cat /var/lib/node-daemon/identity.json');
  /** When pid 1 of the machine was started: another body has another one. */
  const bodyOf = (id: string) => inMachine(id, 'cut -d\\  -f22 /proc/1/stat');
  const settled = (id: string, status: string) =>
    eventually(`${id} is ${status}`, async () => ((await api.get(id)).status === status ? true : undefined));
  const act = (id: string, verb: string) => api.expect(200, 'POST', `/containers/${id}/${verb}`);

  it('installs what is missing out of the unpacked package, enrols, and keeps no token', async () => {
    execFileSync('cp', [tarball, path.join(host.root, 'root')]);
    writeFileSync(path.join(host.root, 'root/join-token'), `${stage.stack.joinToken}\n`, { mode: 0o600 });
    await host.sh('cd /root && tar -xzf node-daemon-*.tar.gz && rm node-daemon-*.tar.gz');
    const url = `http://${await host.reach(stage.stack.port)}`;
    const installed = await install(
      `--control-url ${url} --join-token-file /root/join-token --image busybox`,
    );
    expect(installed, installed.output).toMatchObject({ status: 0 });
    expect(installed.output).not.toContain(stage.stack.joinToken);
    await stage.stack.waitUntilReady();
    expect(await host.sh('systemctl is-active node-daemon; systemctl is-enabled node-daemon')).toBe(
      'active\nenabled',
    );
    expect(await identity()).toContain(stage.stack.bootstrap.server_id);
    expect(await host.sh('grep -rl "$(cat /root/join-token)" /etc /var/lib/node-daemon || true')).toBe('');
    expect(await host.sh('journalctl --no-pager')).not.toContain(stage.stack.joinToken);
    expect(await host.sh('sysctl -n net.ipv4.ip_forward')).toBe('1');
    // Of LXC's own services none runs: no second bridge, no name server.
    expect(await host.sh('ip -brief link; pgrep -a dnsmasq || true')).not.toMatch(/lxcbr0|dnsmasq/);
    expect(await host.sh('systemctl list-units --failed --no-legend')).toBe('');
    expect(await host.sh('systemctl list-unit-files "lxc*" --no-legend')).not.toMatch(/ enabled | masked /);
    expect(JSON.parse(await host.sh('node-daemon status'))).toMatchObject({
      driver_set: 'lxc',
      link_up: true,
    });
  }, 120_000);

  it('holds the daemon to its hardening, and machines to none of it', async () => {
    expect(await show('DropInPaths')).toBe('/etc/systemd/system/node-daemon.service.d/hardening.conf');
    const properties = ['KillMode', 'Delegate', 'NoNewPrivileges', 'DevicePolicy', 'TasksMax', 'Restart'];
    expect(await Promise.all(properties.map(show))).toEqual([
      'process', 'yes', 'no', 'closed', 'infinity', 'always',
    ]); // prettier-ignore
    const bounding = await show('CapabilityBoundingSet');
    expect(bounding).toContain('cap_sys_admin');
    expect(bounding).not.toMatch(/cap_sys_(?:module|rawio|time|boot)|cap_syslog|cap_mac/);
    // CAP_SYS_MODULE is 16, CAP_SYS_RAWIO 17, CAP_SYS_BOOT 22, CAP_SYS_TIME 25.
    const held = BigInt(
      `0x${await host.sh('sed -n "s/^CapEff:\t//p" /proc/$(systemctl show -P MainPID node-daemon)/status')}`,
    );
    for (const bit of [16n, 17n, 22n, 25n]) expect((held >> bit) & 1n).toBe(0n);
    // The device policy is that of the group: root can open the device, in the daemon's group it can't.
    const group = '/sys/fs/cgroup/{,devices/}system.slice/node-daemon.service/cgroup.procs';
    const join = `for f in ${group}; do [ ! -e $f ] || echo $$ >$f; done`;
    const open = (device: string) => `exec 3</dev/${device}`;
    expect(await host.run(open('kernel-log'))).toMatchObject({ status: 0 });
    expect((await host.run(`${join}; ${open('kernel-log')}`)).output).toContain('Operation not permitted');
    expect(await host.run(`${join}; ${open('loop-control')}`)).toMatchObject({ status: 0 });
  });

  it('runs machines for the API: created, paused, held with their memory, brought back', async () => {
    machine = await api.createRunning({ container_image: 'busybox', memory: 0.125, autostart: true });
    other = await api.createRunning({ container_image: 'busybox', memory: 0.125, autostart: false });
    expect(await inMachine(machine.id, 'id -u; ip -o -4 addr show eth0 | wc -l')).toBe('0\n1');
    await act(machine.id, 'pause');
    expect((await api.get(machine.id)).status).toBe('paused');
    await act(machine.id, 'resume');
    // On the disk and in memory: /run is a tmpfs there.
    const write = (word: string) => inMachine(machine.id, `echo ${word} | tee /root/file >/run/file`);
    await write('kept');
    const taken = await api.expect<{ snapshot: { name: string; stateful: boolean } }>(
      200,
      'POST',
      `/containers/${machine.id}/snapshots`,
    );
    expect(taken.body.data.snapshot.stateful).toBe(true);
    await write('lost');
    await api.expect(200, 'PUT', `/containers/${machine.id}/snapshots/${taken.body.data.snapshot.name}`);
    expect(await api.get(machine.id)).toMatchObject({ status: 'running', last_restored_as: 'memory' });
    expect(await inMachine(machine.id, 'cat /root/file /run/file')).toBe('kept\nkept');
    // They are in groups of their own, which systemd's restart of the service does not reach.
    expect(await host.sh('systemctl status node-daemon --no-pager')).not.toContain('lxc monitor');
  });

  it('machines outlive a restart of the service and the daemon’s death, from which systemd brings it back', async () => {
    const bodies = async () => [await bodyOf(machine.id), await bodyOf(other.id)];
    const before = await bodies();
    await host.sh('systemctl restart node-daemon');
    await stage.stack.waitUntilReady();
    expect(await bodies()).toEqual(before);
    const pid = await show('MainPID');
    await host.sh(`kill -KILL ${pid}`);
    await eventually('systemd starts it again', async () => {
      const found = await show('MainPID');
      return found !== '0' && found !== pid ? found : undefined;
    });
    await eventually('the daemon is back', async () => {
      const { status, output } = await host.run('node-daemon status');
      return status === 0 && output.includes('"link_up": true') ? true : undefined;
    });
    expect(await bodies()).toEqual(before);
    await act(machine.id, 'pause');
    await act(machine.id, 'resume');
    expect(await bodies()).toEqual(before);
  });

  it('installed again, it has the new program, and identity, configuration and machines are as they were', async () => {
    const state = async () => [
      await identity(),
      await host.sh('cat /etc/node-daemon/environment'),
      await bodyOf(machine.id),
    ];
    const before = await state();
    await host.sh('echo old >/usr/lib/node-daemon/of-before');
    const again = await install('--image busybox');
    expect(again, again.output).toMatchObject({ status: 0 });
    await stage.stack.waitUntilReady();
    expect(await state()).toEqual(before);
    expect(await host.sh('ls /usr/lib/node-daemon /etc/node-daemon')).not.toMatch(/of-before|join-token/);
  });

  it('is not purged while it has machines; uninstalled and installed again it goes on with them', async () => {
    const refused = await install('--uninstall --purge');
    expect(refused).toMatchObject({ status: 1, output: expect.stringContaining('still has machines') });
    expect(await show('ActiveState')).toBe('active');
    const alive = () => host.sh(`lxc-info -P /var/lib/node-daemon/machines -n ${machine.id} -pH`);
    const before = await alive();
    expect(await install('--uninstall')).toMatchObject({ status: 0 });
    expect(await host.sh('systemctl list-unit-files "node-daemon*" --no-legend || true')).toBe('');
    const gone = ['usr/lib/node-daemon', 'usr/sbin/node-daemon', 'etc/sysctl.d/60-node-daemon.conf'];
    for (const name of gone) expect(existsSync(path.join(host.root, name))).toBe(false);
    const again = await install('--image busybox');
    expect(again, again.output).toMatchObject({ status: 0 });
    await stage.stack.waitUntilReady();
    expect(await alive()).toBe(before);
    // On version 1 groups systemd has taken the CPU's from what ran: the script says so, and a restart mends it.
    for (const { id } of [machine, other]) {
      expect((await api.get(id)).status).toBe('running');
      await act(id, 'restart');
      expect(await inMachine(id, 'cat /root/file 2>/dev/null || echo none')).toMatch(/kept|none/);
    }
  });

  it('shut down, it ends machines in order; booted again, those with autostart come back', async () => {
    for (const { id } of [machine, other]) {
      await inMachine(
        id,
        `echo '${ORDERLY}' >/root/orderly; setsid sh /root/orderly </dev/null >/dev/null 2>&1 &`,
      );
      await eventually('it runs', async () =>
        (await inMachine(id, 'cat /root/up 2>/dev/null || :')) === 'up' ? true : undefined,
      );
    }
    const before = await bodyOf(machine.id);
    await host.powerOff();
    await host.boot();
    await stage.stack.waitUntilReady();
    await settled(machine.id, 'running');
    await settled(other.id, 'stopped');
    expect(await inMachine(machine.id, 'cat /root/ended')).toBe('ended');
    expect(await bodyOf(machine.id)).not.toBe(before);
    await act(other.id, 'start');
    expect(await inMachine(other.id, 'cat /root/ended')).toBe('ended');
    for (const { id } of [machine, other]) expectLegalHistory(await api.history(id));
  });

  it('purged once its machines are deleted, nothing of it is left', async () => {
    for (const { id } of [machine, other]) {
      await api.call('DELETE', `/containers/${id}`);
      await eventually('the deletion', async () =>
        (await api.call('GET', `/containers/${id}`)).status === 404 ? true : undefined,
      );
    }
    const disk = await host.sh('stat -c %i /var/lib/node-daemon/storage.img');
    const purged = await install('--uninstall --purge');
    expect(purged, purged.output).toMatchObject({ status: 0 });
    const look = [
      `find / -xdev -name '*node-daemon*' -not -path '/root/*'`,
      // Loop devices are the kernel's: other hosts on it have theirs.
      `losetup -n -O BACK-INO | grep -w ${disk}`,
      'grep node.daemon /proc/self/mountinfo',
      'nft list tables | grep node_daemon',
      `ip -brief link | grep -v '^lo \\|^eth0@'`,
      `ps -eo args= | grep '/usr/lib/[n]ode-daemon\\|[l]xc monitor\\|[d]nsmasq'`,
    ];
    const left = (await host.run(look.join('; '))).output;
    expect(left).toBe('');
  });
});
