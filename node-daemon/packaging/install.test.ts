import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fillPackage } from './build-package.ts';

const token = 'ab'.repeat(32);
const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

describe('the package and its install script', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'package-'));
  const content = path.join(folder, 'node-daemon');
  let root: string;
  beforeAll(() => fillPackage(content), 120_000);
  beforeEach(() => {
    root = mkdtempSync(path.join(folder, 'root-'));
    mkdirSync(path.join(root, 'etc'));
    writeFileSync(path.join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian 13"\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const install = (...words: readonly string[]): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync(
      path.join(content, 'install.sh'),
      [...words, '--root', root],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    return { status, output: `${stdout}${stderr}` };
  };
  const good = ['--control-url', 'https://api.example.org', '--join-token', token] as const;
  const placed = (): string[] =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(path.join(root, name)).isFile())
      .toSorted();
  const modeOf = (name: string): string => (statSync(path.join(root, name)).mode & 0o777).toString(8);

  it('holds a daemon that runs without the repository', () => {
    const node = path.join(content, 'lib/bin/node');
    const run = (...words: readonly string[]): string =>
      execFileSync(node, [path.join(content, 'lib/node-daemon.mjs'), ...words], {
        cwd: '/',
        encoding: 'utf8',
      });
    expect(run('version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run('help')).toContain('node-daemon run');
    for (const script of ['start-gate.sh', 'restore-gate.sh', 'get-criu.sh']) {
      expect(existsSync(path.join(content, 'lib', script))).toBe(true);
    }
  });

  it('places everything, keeps secrets from others, and repeated changes nothing', () => {
    const first = install(...good, '--storage', 'zfs:tank/machines');
    expect(first.status).toBe(0);
    expect(first.output).not.toContain(token);
    const files = placed();
    expect(files).toEqual(
      expect.arrayContaining([
        'etc/node-daemon/environment',
        'etc/node-daemon/join-token',
        'etc/sysctl.d/60-node-daemon.conf',
        'etc/systemd/system/node-daemon.service',
        'etc/systemd/system/node-daemon.service.d/hardening.conf',
        'usr/lib/node-daemon/bin/node',
        'usr/lib/node-daemon/node-daemon.mjs',
        'usr/sbin/node-daemon',
        'usr/share/doc/node-daemon/installing-a-host.md',
      ]),
    );
    expect(modeOf('etc/node-daemon/environment')).toBe('600');
    expect(modeOf('etc/node-daemon/join-token')).toBe('600');
    expect(modeOf('usr/sbin/node-daemon')).toBe('755');
    expect(modeOf('var/lib/node-daemon')).toBe('711');
    expect(readFileSync(path.join(root, 'etc/node-daemon/join-token'), 'utf8')).toBe(
      `NODE_DAEMON_JOIN_TOKEN=${token}\n`,
    );
    const environment = readFileSync(path.join(root, 'etc/node-daemon/environment'), 'utf8');
    expect(environment).toContain('NODE_DAEMON_STORAGE=zfs:tank/machines\n');
    expect(install(...good, '--storage', 'zfs:tank/machines').status).toBe(0);
    expect(placed()).toEqual(files);
  });

  it('keeps configuration and identity when only the program is replaced, and asks for no token then', () => {
    expect(install(...good).status).toBe(0);
    rmSync(path.join(root, 'etc/node-daemon/join-token'));
    writeFileSync(path.join(root, 'var/lib/node-daemon/identity.json'), '{"server_id":"x"}');
    const before = readFileSync(path.join(root, 'etc/node-daemon/environment'), 'utf8');
    expect(install()).toMatchObject({ status: 0 });
    expect(readFileSync(path.join(root, 'etc/node-daemon/environment'), 'utf8')).toBe(before);
    expect(existsSync(path.join(root, 'etc/node-daemon/join-token'))).toBe(false);
  });

  it('says with --dry-run what it would do, and does nothing', () => {
    const before = placed();
    const { status, output } = install(...good, '--dry-run');
    expect(status).toBe(0);
    expect(output).toContain('would write:');
    expect(output).not.toContain(token);
    expect(placed()).toEqual(before);
  });

  it.each([
    [['--control-url', 'ftp://x', '--join-token', token], '--control-url'],
    [['--control-url', 'https://x', '--join-token', 'short'], '64 hex digits'],
    [['--control-url', 'https://x'], 'join token'],
    [[...good, '--storage', 'zfs'], '--storage zfs'],
    [[...good, '--zfs-disk', '/dev/sdx'], '--zfs-disk needs'],
    [[...good, '--transfer-listen', 'nowhere'], '--transfer-listen'],
    [[...good, '--frobnicate'], 'unknown argument: --frobnicate'],
    [[...good, '--purge'], '--purge goes with --uninstall'],
  ])('refuses %j by name and places nothing', (words, reason) => {
    const before = placed();
    const { status, output } = install(...words);
    expect(status).toBe(1);
    expect(output).toContain(reason);
    expect(placed()).toEqual(before);
  });

  it('refuses a system that it does not know', () => {
    writeFileSync(path.join(root, 'etc/os-release'), 'ID=plan9\nVERSION_ID="4"\nPRETTY_NAME="Plan 9"\n');
    expect(install(...good)).toMatchObject({ status: 1, output: expect.stringContaining('Plan 9') });
  });

  it('uninstalls: the program goes, the data stays until --purge, and machines are never removed with it', () => {
    install(...good);
    const machine = path.join(root, 'var/lib/node-daemon/machines/0123456789abcdef01234567');
    mkdirSync(machine, { recursive: true });
    expect(install('--uninstall')).toMatchObject({ status: 0 });
    expect(existsSync(path.join(root, 'usr/lib/node-daemon'))).toBe(false);
    expect(existsSync(path.join(root, 'etc/systemd/system/node-daemon.service'))).toBe(false);
    expect(existsSync(machine)).toBe(true);
    expect(install('--uninstall', '--purge')).toMatchObject({
      status: 1,
      output: expect.stringContaining('still has machines'),
    });
    expect(existsSync(machine)).toBe(true);
    rmSync(machine, { recursive: true });
    expect(install('--uninstall', '--purge')).toMatchObject({ status: 0 });
    expect(placed()).toEqual(['etc/os-release']);
  });

  it.skipIf(!has('systemd-analyze'))('has a unit that systemd takes, with its hardening', () => {
    install(...good);
    const units = path.join(root, 'usr/lib/systemd/system');
    mkdirSync(units, { recursive: true });
    // The system's own, which this tree has not.
    for (const name of ['sysinit', 'basic', 'shutdown', 'network-online', 'local-fs', 'multi-user']) {
      writeFileSync(path.join(units, `${name}.target`), `[Unit]\nDescription=${name}\n`);
    }
    const words = ['verify', `--root=${root}`, '--man=no', 'node-daemon.service'];
    const verified = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    const security = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', `--root=${root}`, '--no-pager', 'node-daemon.service'],
      { encoding: 'utf8' },
    );
    expect(security.stdout).toMatch(/✓ .*CAP_SYS_MODULE/);
    expect(security.stdout).toContain('device ACL with some special devices');
  });

  it.skipIf(!has('shellcheck'))('is a script without known mistakes', () => {
    const checked = spawnSync('shellcheck', [path.join(content, 'install.sh')], { encoding: 'utf8' });
    expect(checked.stdout).toBe('');
  });
});
