import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readProcess } from '../namespaces/processes.ts';
import { CgroupTree } from './cgroup-tree.ts';
import { detectCgroups, parseCgroupMounts, type CgroupLayout } from './detect.ts';

const group = `node-daemon-test-${process.pid}`;
const isRoot = process.geteuid?.() === 0;
const detected = detectCgroups(group);
const unified = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8')).find(
  ({ version }) => version === 2,
);
/** Both generations of the freezer, as far as this host has them. */
const layouts: [string, CgroupLayout][] = [['as detected', detected]];
if (isRoot && unified !== undefined && detected.freezer?.version === 1) {
  layouts.push(['unified', { freezer: { version: 2, base: `${unified.path}/${group}` } }]);
}

describe.skipIf(detected.freezer === undefined)('control groups', () => {
  const trees = layouts.map(([, layout]) => new CgroupTree(layout));
  afterAll(() => {
    for (const tree of trees) tree.removeBases();
  });

  it.each(layouts)('stop and release processes, verified (%s)', async (_name, layout) => {
    const tree = new CgroupTree(layout);
    expect(tree.create('machine', { cpuCores: 0.5, memoryBytes: 64 * 1024 * 1024 })).toMatchObject({
      ok: true,
    });
    const child = spawn('/bin/sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const base = layout.freezer?.base ?? '';
    writeFileSync(`${base}/machine/cgroup.procs`, String(pid));
    const cpuTicks = (): string =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join(' ');
    expect(await tree.freeze('machine')).toEqual({ ok: true, value: undefined });
    expect([tree.isFrozen('machine'), tree.isHeld('machine')]).toEqual([true, true]);
    const before = cpuTicks();
    expect(await tree.freeze('machine')).toMatchObject({ ok: true });
    expect(cpuTicks()).toBe(before);
    expect(tree.processes('machine')).toEqual([pid]);
    tree.thaw('machine');
    expect([tree.isFrozen('machine'), tree.isHeld('machine')]).toEqual([false, false]);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(await tree.remove('machine')).toMatchObject({ ok: true });
    expect(existsSync(`${base}/machine`)).toBe(false);
    expect(readProcess(pid)).toBeUndefined();
  });

  it.each(layouts)('pass over a group that is removed while it is written to (%s)', async (_name, layout) => {
    const { version, base } = layout.freezer ?? { version: 1, base: '' };
    const file = version === 1 ? 'freezer.state' : 'cgroup.freeze';
    new CgroupTree({ freezer: { version, base } }).create('machine', { cpuCores: null, memoryBytes: null });
    const open = openSync(path.join(base, 'machine', file), 'r+');
    rmdirSync(path.join(base, 'machine'));
    // The way to a file of a group that is gone, as whoever opened it in time has it.
    const directory = mkdtempSync(path.join(tmpdir(), 'groups-'));
    mkdirSync(path.join(directory, 'machine'));
    symlinkSync(`/proc/self/fd/${open}`, path.join(directory, 'machine', file));
    expect(() => writeFileSync(open, '0')).toThrow('ENODEV');
    const tree = new CgroupTree({ freezer: { version, base: directory } });
    expect(() => tree.thaw('machine')).not.toThrow();
    expect(await tree.freeze('machine')).toMatchObject({ ok: false, failure: { code: 'WRONG_STATE' } });
    closeSync(open);
    rmSync(directory, { recursive: true });
  });

  it('says so when there is no freezer, and finds nothing in groups that are not there', async () => {
    const empty = new CgroupTree({});
    expect(await empty.freeze('machine')).toMatchObject({
      ok: false,
      failure: { code: 'CAPABILITY_MISSING' },
    });
    expect(empty.canFreeze).toBe(false);
    expect(empty.usage('machine')).toEqual({ cpuNs: null, memoryBytes: null, memoryPeakBytes: null });
    const tree = new CgroupTree(detected);
    expect(tree.processes('nobody')).toEqual([]);
    expect(tree.usage('nobody')).toEqual({ cpuNs: null, memoryBytes: null, memoryPeakBytes: null });
    expect(() => tree.thaw('nobody')).not.toThrow();
  });
});
