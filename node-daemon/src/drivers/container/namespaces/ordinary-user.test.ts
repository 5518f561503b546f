import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { probeNamespaces } from './probe.ts';

const program = path.join(import.meta.dirname, '..', '..', '..', 'testing', 'ordinary-user-machine.ts');
const asNobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
const isRoot = process.geteuid?.() === 0;
/** A checkout in a home directory that others may not enter can't be run by another user. */
const isReadable = spawnSync('setpriv', [...asNobody, process.execPath, '--check', program]).status === 0;
const userNamespaces =
  spawnSync('setpriv', [...asNobody, 'unshare', '--user', '--map-root-user', 'true']).status === 0;

describe.skipIf(!isRoot || !isReadable || !userNamespaces)('a daemon of an ordinary user', () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'nd-user-'));
  chmodSync(directory, 0o777);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('runs machines, freezes, snapshots, copies and removes them without any privilege', () => {
    const dataDir = path.join(directory, 'data');
    const { stdout, stderr } = spawnSync('setpriv', [...asNobody, process.execPath, program, dataDir], {
      encoding: 'utf8',
      env: { ...process.env, HOME: directory },
      timeout: 60_000,
    });
    expect(stderr.replace(/.*Warning.*\n/g, '')).toBe('');
    expect(JSON.parse(stdout || '{}')).toMatchObject({
      who: '0\nbare',
      frozen: 'paused',
      snapshot: true,
      restored: true,
      file: 'one\nremoved',
      copied: 'one\ncopy\n',
      diskBytes: expect.any(Number),
      left: [],
      ramdisk: false,
    });
  }, 90_000);
});

describe('the probe', () => {
  it('says what is missing instead of failing later', () => {
    const path0 = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      const probe = probeNamespaces(os.tmpdir());
      expect(probe).toMatchObject({
        available: false,
        reason: expect.stringContaining('missing tools: unshare'),
      });
    } finally {
      process.env['PATH'] = path0;
    }
  });
});
