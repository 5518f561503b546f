import { describe, expect, it } from 'vitest';
import { dumpArguments, firstCriuError, preDumpArguments, restoreConfiguration } from './criu-arguments.ts';

const machine = { initPid: 4711, into: '/volume/memory', freezer: '/groups/machine', parent: null };
const dump = { ...machine, cgroupRoots: ['--cgroup-root', '/machine'], hasRamdisk: false };

describe('how CRIU is called', () => {
  it('a whole dump asks for no tracking of memory', () => {
    const words = dumpArguments(dump);
    expect(words[0]).toBe('dump');
    expect(words).toContain('--leave-running');
    expect(words).not.toContain('--track-mem');
    expect(words).not.toContain('--prev-images-dir');
  });

  it('a dump on top of what was written beforehand names it and nothing else changes', () => {
    expect(dumpArguments({ ...dump, parent: 'pre-2' })).toEqual([
      ...dumpArguments(dump),
      '--prev-images-dir',
      'pre-2',
      '--track-mem',
    ]);
  });

  it('a pass before it takes hold of the same processes, and logs beside its own images', () => {
    const words = preDumpArguments({ ...machine, into: '/volume/memory/pre-2', parent: '../pre-1' });
    expect(words[0]).toBe('pre-dump');
    const valueOf = (option: string): string | undefined => words[words.indexOf(option) + 1];
    expect(valueOf('--tree')).toBe('4711');
    expect(valueOf('--images-dir')).toBe('/volume/memory/pre-2');
    expect(valueOf('--freeze-cgroup')).toBe('/groups/machine');
    expect(valueOf('--prev-images-dir')).toBe('../pre-1');
    expect(valueOf('--log-file')).toBe('pre-dump.log');
  });

  it('a restore names the group in the hierarchy without controllers, where there is one', () => {
    const script = '/machines/of this host/script';
    expect(restoreConfiguration(script, '/daemon/fork').split('\n')).toEqual(
      expect.arrayContaining([`action-script "${script}"`, 'cgroup-root "/daemon/fork"']),
    );
    expect(restoreConfiguration(script, undefined)).not.toContain('cgroup-root');
  });

  it('the first error of a log is the reason', () => {
    const log = [
      '(00.01) Error (criu/util.c:12): rlimit: no more',
      '(00.02) Error (criu/mem.c:3): no pages',
      '(00.03) Error (criu/cr-dump.c:4): Dumping FAILED.',
    ];
    expect(firstCriuError(log.join('\n'))).toBe('no pages');
    expect(firstCriuError('(00.01) Warn (criu/util.c:1): nothing')).toBeUndefined();
  });
});
