import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BtrfsStorage } from '../../node-daemon/src/drivers/storage/btrfs/btrfs-storage.ts';
import { openBtrfsDirectory } from '../../node-daemon/src/drivers/storage/btrfs/loop-file.ts';
import { fillTestImage, storageSuite } from '../../node-daemon/src/drivers/storage/storage-suite.ts';

const loopFileBytes = 1024 ** 3;

storageSuite('btrfs', { incremental: true, quota: true, losesNewer: false }, async () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'btrfs-storage-'));
  const opened = openBtrfsDirectory(dataDir, loopFileBytes);
  if (!opened.available) throw new Error(opened.reason);
  const { directory, close } = opened;
  const storage = new BtrfsStorage({ directory: path.join(directory, 'one'), fill: fillTestImage });
  const other = new BtrfsStorage({ directory: path.join(directory, 'two'), fill: fillTestImage });
  return {
    storage,
    other,
    leftovers: async () => {
      const listing = execFileSync('btrfs', ['subvolume', 'list', directory], { encoding: 'utf8' });
      return listing.split('\n').filter((line) => line !== '' && !/\/images\/[0-9a-f-]+$/.test(line));
    },
    close: async () => {
      close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});
