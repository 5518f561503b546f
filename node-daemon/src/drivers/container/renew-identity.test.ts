import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renewIdentity } from './renew-identity.ts';

const oldId = `${'a'.repeat(32)}\n`;

describe('the identity of a copied machine', () => {
  let base: string;
  let root: string;
  const at = (...names: string[]): string => path.join(root, ...names);
  const read = (...names: string[]): string => readFileSync(at(...names), 'utf8');
  function makeRoot(name: string): string {
    const made = path.join(base, name);
    for (const directory of ['etc/ssh', 'var/lib/dbus', 'var/lib/systemd'])
      mkdirSync(path.join(made, directory), { recursive: true });
    writeFileSync(path.join(made, 'etc/machine-id'), oldId);
    writeFileSync(path.join(made, 'var/lib/systemd/random-seed'), 'seed');
    for (const kind of ['rsa', 'ed25519', 'ecdsa']) {
      writeFileSync(path.join(made, `etc/ssh/ssh_host_${kind}_key`), `${name} ${kind}`);
      writeFileSync(path.join(made, `etc/ssh/ssh_host_${kind}_key.pub`), `${name} ${kind} public`);
    }
    writeFileSync(path.join(made, 'etc/ssh/sshd_config'), 'Port 22');
    return made;
  }
  beforeEach(() => {
    base = mkdtempSync(path.join(os.tmpdir(), 'identity-'));
    root = makeRoot('source');
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('is new: machine id, SSH host keys that ssh-keygen reads, no seed; the rest stays', () => {
    renewIdentity({ root, owner: null, keptFrom: null });
    expect(read('etc/machine-id')).toMatch(/^[0-9a-f]{32}\n$/);
    expect(read('etc/machine-id')).not.toBe(oldId);
    expect(readdirSync(at('etc/ssh')).toSorted()).toEqual([
      'ssh_host_ed25519_key',
      'ssh_host_ed25519_key.pub',
      'sshd_config',
    ]);
    expect(statSync(at('etc/ssh/ssh_host_ed25519_key')).mode & 0o777).toBe(0o600);
    expect(existsSync(at('var/lib/systemd/random-seed'))).toBe(false);
    const key = read('etc/ssh/ssh_host_ed25519_key');
    expect(key.split('\n')[0]).toBe('-----BEGIN OPENSSH PRIVATE KEY-----');
    if (existsSync('/usr/bin/ssh-keygen')) {
      const shown = execFileSync('ssh-keygen', ['-y', '-f', at('etc/ssh/ssh_host_ed25519_key')]).toString();
      expect(read('etc/ssh/ssh_host_ed25519_key.pub').split(' ')[1]).toBe(shown.trim().split(' ')[1]);
    }
  });

  it('is kept when the machine takes the place of an older body', () => {
    const old = makeRoot('old');
    writeFileSync(path.join(old, 'etc/machine-id'), `${'b'.repeat(32)}\n`);
    renewIdentity({ root, owner: null, keptFrom: old });
    expect(read('etc/machine-id')).toBe(`${'b'.repeat(32)}\n`);
    expect(read('etc/ssh/ssh_host_rsa_key')).toBe('old rsa');
    expect(readdirSync(at('etc/ssh'))).toHaveLength(7);
  });

  it('is not invented where the machine has none', () => {
    for (const file of ['etc/machine-id', 'etc/ssh', 'var/lib/dbus']) rmSync(at(file), { recursive: true });
    renewIdentity({ root, owner: null, keptFrom: null });
    expect(readdirSync(at('etc'))).toEqual([]);
    writeFileSync(at('etc/machine-id'), 'uninitialized\n');
    renewIdentity({ root, owner: null, keptFrom: null });
    expect(read('etc/machine-id')).toBe('uninitialized\n');
  });

  it('never reaches out of the machine, whatever links it laid', () => {
    const outside = path.join(base, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'machine-id'), oldId);
    writeFileSync(path.join(outside, 'ssh_host_rsa_key'), 'the host’s');
    rmSync(at('etc/ssh'), { recursive: true });
    symlinkSync(outside, at('etc/ssh'));
    rmSync(at('etc/machine-id'));
    symlinkSync(path.join(outside, 'machine-id'), at('etc/machine-id'));
    renewIdentity({ root, owner: null, keptFrom: null });
    expect(readFileSync(path.join(outside, 'machine-id'), 'utf8')).toBe(oldId);
    expect(readdirSync(outside).toSorted()).toEqual(['machine-id', 'ssh_host_rsa_key']);
    const linked = makeRoot('linked');
    rmSync(path.join(linked, 'etc'), { recursive: true });
    symlinkSync(outside, path.join(linked, 'etc'));
    renewIdentity({ root: linked, owner: null, keptFrom: null });
    expect(readFileSync(path.join(outside, 'machine-id'), 'utf8')).toBe(oldId);
  });
});
