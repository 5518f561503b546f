import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GroupControllers, readControllers, turnControllersOn } from './group-controllers.ts';

/** The kernel's own files: `tests/host/checkpoint-systemd.test.ts` in the virtual machine. */
describe('the controllers that a machine has turned on in its groups', () => {
  const own = mkdtempSync(path.join(tmpdir(), 'groups-'));
  afterAll(() => rmSync(own, { recursive: true, force: true }));
  const file = (group: string): string => path.join(own, group, 'cgroup.subtree_control');
  const groups = { '': 'cpu memory pids\n', 'system.slice': 'memory\n', 'system.slice/a.service': '\n' };

  it('are read group by group, and only those that are on', () => {
    for (const [group, text] of Object.entries(groups)) {
      mkdirSync(path.join(own, group), { recursive: true });
      writeFileSync(file(group), text);
    }
    expect(readControllers(own)).toEqual({ '': ['cpu', 'memory', 'pids'], 'system.slice': ['memory'] });
    expect(readControllers(path.join(own, 'absent'))).toEqual({});
  });

  it('are turned on where there is such a group, whatever else is asked for', () => {
    mkdirSync(path.join(own, 'constructor'));
    turnControllersOn(own, { 'system.slice': ['pids'], '../outside': ['memory'], gone: ['memory'] });
    expect(readFileSync(file('system.slice'), 'utf8')).toBe('+pids');
    expect(readFileSync(file(''), 'utf8')).toBe(groups['']);
  });

  it('are names, nothing that says more to the kernel', () => {
    expect(GroupControllers.safeParse({ '': ['memory', 'hugetlb'] }).success).toBe(true);
    expect(GroupControllers.safeParse({ '': ['memory -pids'] }).success).toBe(false);
  });
});
