import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSockets } from './inspect-processes.ts';
import { environmentText, findBadVariable, hostnameOf } from './machine-text.ts';
import { buildMountTables } from './mount-tables.ts';
import { parseProcessStatus } from './processes.ts';

describe('texts that go into and come from a machine', () => {
  it.each([
    ['My Box', 'my-box'],
    ['-x-', 'x'],
    ['日本', 'machine'],
    ['a'.repeat(100), 'a'.repeat(63)],
    ['web_1.example', 'web-1-example'],
  ])('makes a host name of %j', (name, expected) => {
    expect(hostnameOf(name)).toBe(expected);
  });

  it('writes an environment that a shell reads back unchanged and never runs', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', maxLength: 40 }).filter((text) => !text.includes('\0')),
        (value) => {
          const script = `${environmentText({ A: value })}printf '%s.' "$A"`;
          const { stdout } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
          expect(stdout).toBe(`${value}.`);
        },
      ),
      { numRuns: 60, examples: [['$(touch /tmp/never)'], ['`id`'], ["it's"], ['a\nb'], ['\\'], ['"']] },
    );
  });

  it('names variables that can’t be set', () => {
    expect(findBadVariable({ A: '1', _b2: '' })).toBeUndefined();
    for (const bad of ['', '1A', 'A-B', 'A B', 'A=']) expect(findBadVariable({ [bad]: '1' })).toBe(bad);
    expect(findBadVariable({ A: 'a\0b' })).toBe('A');
  });

  it('reads processes whatever their name', () => {
    const rest = Array.from({ length: 40 }, (_, index) => String(index)).join(' ');
    expect(parseProcessStatus(`42 (a) b) (c) S 7 ${rest}`)).toEqual({
      pid: 42,
      state: 'S',
      parentPid: 7,
      startTicks: 17,
    });
    for (const bad of ['', '42', '42 (a)', 'x (a) S 1']) expect(parseProcessStatus(bad)).toBeUndefined();
  });

  it('reads listening sockets of both address families', () => {
    const table = [
      '  sl  local_address rem_address   st',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000',
      '   1: 0100007F:1F91 0100007F:0001 01 00000000',
      '   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A',
      '   3: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A',
      'nonsense',
    ].join('\n');
    expect(parseSockets(table, '0A')).toEqual([
      { address: '127.0.0.1', port: 8080 },
      { address: '::1', port: 80 },
      { address: '2001:db8::1', port: 80 },
    ]);
  });

  it('escapes paths in mount tables, so that none becomes an option', () => {
    const tables = buildMountTables({
      layout: {
        machines: '/m',
        stage: '/a b\t/stage',
        devices: '/d',
        outer: '/o',
        inner: '/i',
        ramdisks: '/r',
        probe: '/p',
      },
      mode: 'mapped',
      volume: '/v\n/x\\y',
      userlandDirectories: ['lib64'],
      overlay: true,
      rootUid: 1_000_000_000,
      protectedProcEntries: [],
      ramdisk: null,
    });
    for (const table of Object.values(tables)) {
      for (const line of table.trimEnd().split('\n')) expect(line.split(' ')).toHaveLength(6);
    }
    expect(tables.tree).toContain('/v\\012/x\\134y/root /a\\040b\\011/stage/machine none bind');
  });
});
