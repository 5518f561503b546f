import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeRootfsFile } from './rootfs-files.ts';

const uid = process.geteuid?.() ?? 0;

describe('files written into a machine from outside', () => {
  let base: string;
  let rootfs: string;
  beforeEach(() => {
    base = mkdtempSync(path.join(os.tmpdir(), 'rootfs-'));
    rootfs = path.join(base, 'root');
    for (const name of ['root/etc', 'root/root', 'outside'])
      mkdirSync(path.join(base, name), { recursive: true });
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));
  const write = (file: string, makesDirectories = false): boolean =>
    writeRootfsFile(rootfs, uid, { path: file, content: 'new', mode: 0o640, makesDirectories });

  it('have their content and mode, and replace what was there', () => {
    expect(write('/etc/name')).toBe(true);
    expect(write('/etc/name')).toBe(true);
    expect(readFileSync(path.join(rootfs, 'etc/name'), 'utf8')).toBe('new');
    expect(statSync(path.join(rootfs, 'etc/name')).mode & 0o777).toBe(0o640);
    expect(readdirSync(path.join(rootfs, 'etc'))).toEqual(['name']);
  });

  it('make missing directories only when asked to', () => {
    expect(write('/root/.ssh/keys')).toBe(false);
    expect(write('/root/.ssh/keys', true)).toBe(true);
    expect(statSync(path.join(rootfs, 'root/.ssh')).mode & 0o777).toBe(0o700);
  });

  it('never leave the machine: links are not followed, wherever they are', () => {
    rmSync(path.join(rootfs, 'etc'), { recursive: true });
    symlinkSync(path.join(base, 'outside'), path.join(rootfs, 'etc'));
    expect(write('/etc/name')).toBe(false);
    expect(write('/etc/name', true)).toBe(false);
    symlinkSync(path.join(base, 'outside/target'), path.join(rootfs, 'root/link'));
    expect(write('/root/link')).toBe(true);
    symlinkSync(path.join(base, 'outside/planted'), path.join(rootfs, 'root/.other.daemon'));
    expect(write('/root/other')).toBe(true);
    expect(write('/../outside/name')).toBe(false);
    expect(readdirSync(path.join(base, 'outside'))).toEqual([]);
  });

  it('are left out where a directory or a file is in the way', () => {
    mkdirSync(path.join(rootfs, 'etc/name'));
    expect(write('/etc/name')).toBe(false);
    expect(write('/etc/name/below')).toBe(true);
    chmodSync(path.join(rootfs, 'etc/name'), 0o755);
    expect(write('/etc/name/below/more')).toBe(false);
  });
});
