import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordPreDump, takePreDump } from './pre-dump-record.ts';

describe('the record of what was written beforehand', () => {
  let directory = '';
  const file = (): string => path.join(directory, 'pre-dump.json');
  beforeEach(() => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'memory-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is good for one dump of the same machine, and leaves nothing', () => {
    recordPreDump(directory, process.pid, 'pre-2');
    expect(takePreDump(directory, process.pid)).toBe('pre-2');
    expect(takePreDump(directory, process.pid)).toBeNull();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is of no use to another process, nor to a later one with the same number or after a reboot', () => {
    recordPreDump(directory, process.pid, 'pre-1');
    const record = readFileSync(file(), 'utf8');
    expect(takePreDump(directory, process.ppid)).toBeNull();
    for (const altered of [
      record.replace(/"start_ticks":\d+/, '"start_ticks":1'),
      record.replace(/"boot_id":"[^"]*"/, '"boot_id":"another"'),
    ]) {
      expect(altered).not.toBe(record);
      writeFileSync(file(), altered);
      expect(takePreDump(directory, process.pid)).toBeNull();
    }
    writeFileSync(file(), record);
    expect(takePreDump(directory, process.pid)).toBe('pre-1');
  });

  it.each(['', '{', '{}', 'null', '{"parent":"../other"}'])('%j is none', (text) => {
    writeFileSync(file(), text);
    expect(takePreDump(directory, process.pid)).toBeNull();
  });

  it('a directory out of the record leads nowhere else', () => {
    recordPreDump(directory, process.pid, 'pre-1');
    writeFileSync(file(), readFileSync(file(), 'utf8').replace('pre-1', '../pre-1'));
    expect(takePreDump(directory, process.pid)).toBeNull();
  });

  it('nothing is recorded of a machine that has ended', () => {
    expect(() => recordPreDump(directory, 2 ** 22, 'pre-1')).toThrow('ended');
    expect(readdirSync(directory)).toEqual([]);
  });
});
