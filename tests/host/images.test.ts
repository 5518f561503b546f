import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ImageStore, imagesDirectory } from '@control-plane/node-daemon/image-store';
import { RealHost } from './support/real-host.ts';

const main = path.resolve(import.meta.dirname, '../../node-daemon/src/main.ts');

describe('images', () => {
  const store = new ImageStore(imagesDirectory(process.env));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'archives-'));
  const name = 'imported/test';
  const image = (...words: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [main, 'image', ...words], { encoding: 'utf8' });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(path.join(store.directory, 'imported+test'), { recursive: true, force: true });
  });

  it('of a compressed tarball makes machines that run, with the owners of its files', async () => {
    const archive = path.join(folder, 'tree.tar.gz');
    const source = store.rootOf('busybox') ?? '';
    execFileSync('tar', ['-C', source, '-czf', archive, '--owner=0', '--group=0', '.']);
    const imported = image('import', name, archive);
    expect(imported).toMatchObject({ status: 0 });
    expect(image('list').stdout).toContain(`${name}\t`);

    const host = new RealHost();
    try {
      // A daemon that runs already says so in its next hello.
      expect(host.set.images.map((each) => each.name)).toEqual(
        expect.arrayContaining(['busybox', 'debian/13', name]),
      );
      expect(host.set.images.filter((each) => each.is_default).map((each) => each.name)).toEqual([
        'debian/13',
      ]);
      const machine = host.machine({ image: name });
      await machine.create();
      expect(await machine.shell('stat -c "%u %g" /bin/busybox / /etc/passwd')).toBe('0 0\n0 0\n0 0');
      const missing = host.machine({ image: 'plan9/4' });
      await expect(missing.create()).rejects.toThrow();
      await missing.delete();
    } finally {
      await host.close();
    }
  });

  it('are refused when an archive is none, has no init, or is not there; nothing is left of the attempt', () => {
    const before = image('list').stdout;
    const noArchive = path.join(folder, 'text');
    writeFileSync(noArchive, 'no archive at all');
    const noInit = path.join(folder, 'empty.tar');
    const empty = mkdtempSync(path.join(folder, 'empty-'));
    chmodSync(empty, 0o755);
    execFileSync('tar', ['-C', empty, '-cf', noInit, '.']);
    expect(image('import', 'bad/one', noArchive)).toMatchObject({ status: 1 });
    expect(image('import', 'bad/one', noInit).stderr).toContain('/sbin/init');
    expect(image('import', 'bad/one', path.join(folder, 'absent')).status).toBe(1);
    expect(image('import', '../bad', noInit).stderr).toContain('name of an image');
    expect(image('build', 'plan9/4').stderr).toContain('no recipe');
    expect(image('burn').status).toBe(2);
    expect(image('list').stdout).toBe(before);
  });
});
