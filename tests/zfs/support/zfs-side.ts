import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fillTestImage } from '../../../node-daemon/src/drivers/storage/storage-suite.ts';
import { storageSuiteMark } from '../../host/support/host-traces.ts';
import { openZfsParent } from '../../../node-daemon/src/drivers/storage/zfs/zfs-parent.ts';
import { ZfsStorage } from '../../../node-daemon/src/drivers/storage/zfs/zfs-storage.ts';

/** Runs `zfs`; its non-empty output lines. Throws what it said when it fails. */
export function zfs(...argv: readonly string[]): string[] {
  const text = execFileSync('zfs', [...argv], { encoding: 'utf8' });
  return text.split('\n').filter((line) => line !== '');
}

export type ZfsSide = {
  readonly parent: string;
  readonly storage: ZfsStorage;
  /** Everything below `parent` but what is always there and images. */
  readonly leftovers: () => string[];
  readonly close: () => void;
};

/** The driver on a data set of its own in a pool of the lab. */
export function openZfsSide(pool: 'one' | 'two'): ZfsSide {
  const opened = openZfsParent(`${pool}${storageSuiteMark}${randomBytes(4).toString('hex')}`);
  if (!opened.available) throw new Error(opened.reason);
  const { parent, mountPoint } = opened;
  const always = new RegExp(`^${parent}(?:/(?:volumes|received|images(?:/[0-9a-f]{32}(?:@base)?)?))?$`);
  return {
    parent,
    storage: new ZfsStorage({ parent, mountPoint, fill: fillTestImage }),
    leftovers: () =>
      zfs('list', '-H', '-r', '-t', 'all', '-o', 'name', parent).filter((name) => !always.test(name)),
    close: () => void zfs('destroy', '-R', parent),
  };
}
