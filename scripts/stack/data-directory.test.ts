import { existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectoryBusyError, lockHolder, openDataDirectory, writePrivateFile } from './data-directory.ts';
import { mountPointsBelow, removeStackData } from './fresh.ts';
import { missingHostPackages } from './host-packages.ts';
import { createMailOutbox } from './mail-outbox.ts';
import { loadSecrets } from './secrets.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'data-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('lock', () => {
  it('is held by one process and free again after release', () => {
    const data = openDataDirectory(folder);
    expect(lockHolder(folder)).toBe(process.pid);
    expect(() => openDataDirectory(folder)).toThrow(DataDirectoryBusyError);
    data.release();
    expect(lockHolder(folder)).toBeNull();
    openDataDirectory(folder).release();
  });

  it.each([
    ['a dead process', '999999999 1'],
    ['a later process with the same id', `${process.pid} 1`],
    ['nobody', 'garbage'],
  ])('left behind by %s is taken over', (_, content) => {
    writeFileSync(join(folder, 'stack.lock'), content);
    expect(lockHolder(folder)).toBeNull();
    openDataDirectory(folder).release();
  });
});

describe('--fresh', () => {
  it('removes what a stack made and nothing else', async () => {
    const data = openDataDirectory(folder);
    await writeFile(data.databaseFile, 'x');
    await mkdir(join(data.hostFolder, 'machines'), { recursive: true });
    await writeFile(join(folder, 'thesis.txt'), 'x');
    data.release();
    await removeStackData(folder);
    expect(existsSync(data.databaseFile)).toBe(false);
    expect(existsSync(data.hostFolder)).toBe(false);
    expect(existsSync(join(folder, 'thesis.txt'))).toBe(true);
    await removeStackData(join(folder, 'never-was'));
  });

  it('finds mounts below the folder, deepest first, blanks decoded', () => {
    const line = (point: string): string => `1 2 0:1 / ${point} rw - tmpfs tmpfs rw`;
    const info = [line('/d/a'), line('/d/a/b\\040c'), line('/data'), line('/d'), ''].join('\n');
    expect(mountPointsBelow('/d', info)).toEqual(['/d/a/b c', '/d/a']);
  });
});

describe('secrets', () => {
  it('are made once, kept with mode 0600, and never replaced when damaged', async () => {
    const file = join(folder, 'secrets.json');
    const first = await loadSecrets(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await loadSecrets(file)).toEqual(first);
    writePrivateFile(file, '{"jwt_keys": 1}');
    await expect(loadSecrets(file)).rejects.toThrow('damaged');
  });

  it('that lack the newer encryption key get one and keep the rest; a broken one is never replaced', async () => {
    const file = join(folder, 'older-secrets.json');
    const { encryption_key: _key, ...older } = await loadSecrets(file);
    writePrivateFile(file, JSON.stringify(older));
    const upgraded = await loadSecrets(file);
    expect(upgraded).toMatchObject({ ...older, encryption_key: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await loadSecrets(file)).toEqual(upgraded);
    writePrivateFile(file, JSON.stringify({ ...older, encryption_key: 'short' }));
    await expect(loadSecrets(file)).rejects.toThrow('damaged');
  });
});

it('tightens the mode of a mail outbox that was readable by others', async () => {
  const file = join(folder, 'mail.jsonl');
  await writeFile(file, '', { mode: 0o644 });
  createMailOutbox(file, () => new Date(0));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('names the host packages whose command is not on the path', async () => {
  const before = missingHostPackages(folder).map(({ name }) => name);
  await writeFile(join(folder, 'lxc-start'), '', { mode: 0o755 });
  const after = missingHostPackages(folder).map(({ name }) => name);
  expect(after).not.toContain('lxc');
  expect(before.filter((name) => name !== 'lxc')).toEqual(after);
});
