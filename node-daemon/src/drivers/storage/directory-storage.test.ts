import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DirectoryStorage } from './directory-storage.ts';
import { fillTestImage, storageSuite } from './storage-suite.ts';

storageSuite('directory', { incremental: false, quota: false, losesNewer: false }, async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'directory-storage-'));
  const sides = ['one', 'two'].map((name) => path.join(directory, name));
  const [storage, other] = sides.map(
    (side) => new DirectoryStorage({ directory: side, fill: fillTestImage }),
  );
  if (storage === undefined || other === undefined) throw new Error('There are two sides.');
  return {
    storage,
    other,
    leftovers: async () =>
      sides.flatMap((side) => ['volumes', 'snapshots'].flatMap((name) => readdirSync(path.join(side, name)))),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
