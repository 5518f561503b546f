import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openStorage, type StorageAttempt } from './open-storage.ts';
import type { StorageChoice } from './storage-choice.ts';

describe('opening storage', () => {
  const folders: string[] = [];
  afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  function dataDirectory(): string {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'storage-'));
    folders.push(folder);
    return folder;
  }
  const open = (directory: string, choice: StorageChoice): StorageAttempt =>
    openStorage({ directory, choice, fill: () => undefined, imageVersion: () => '' });
  const nameOf = (attempt: StorageAttempt): string =>
    attempt.available ? attempt.storage.name : attempt.reason;
  const withMachine = (directory: string): void =>
    void mkdirSync(path.join(directory, 'machines', 'a'), { recursive: true });

  it('takes what was chosen, records it, and stays with it', () => {
    const directory = dataDirectory();
    expect(nameOf(open(directory, { kind: 'directory' }))).toBe('directory');
    expect(JSON.parse(readFileSync(path.join(directory, 'storage.json'), 'utf8'))).toEqual({
      kind: 'directory',
      dataset: null,
    });
    withMachine(directory);
    expect(nameOf(open(directory, { kind: 'auto' }))).toBe('directory');
  });

  it('refuses another place while there are machines, and changes nothing', () => {
    const directory = dataDirectory();
    open(directory, { kind: 'directory' });
    withMachine(directory);
    const before = readFileSync(path.join(directory, 'storage.json'), 'utf8');
    for (const choice of [{ kind: 'btrfs' }, { kind: 'zfs', pool: 'tank' }] as const) {
      expect(nameOf(open(directory, choice))).toContain('have their disks on directory');
    }
    expect(readFileSync(path.join(directory, 'storage.json'), 'utf8')).toBe(before);
  });

  it('knows a data directory that is older than its record by its volumes', () => {
    const directory = dataDirectory();
    mkdirSync(path.join(directory, 'volumes', 'a'), { recursive: true });
    withMachine(directory);
    expect(nameOf(open(directory, { kind: 'auto' }))).toBe('directory');
  });

  it('throws when its record is damaged: guessing could hide disks', () => {
    const directory = dataDirectory();
    writeFileSync(path.join(directory, 'storage.json'), '{"kind":"tape"}');
    expect(() => open(directory, { kind: 'auto' })).toThrow();
  });

  it('gives the reason where ZFS can’t be had, and records nothing', () => {
    const directory = dataDirectory();
    const attempt = open(directory, { kind: 'zfs', pool: 'no-such-pool' });
    expect(nameOf(attempt)).toMatch(/ZFS/);
    expect(() => readFileSync(path.join(directory, 'storage.json'))).toThrow('ENOENT');
  });
});
