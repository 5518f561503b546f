/** Run in the lab by `npm run bench:host`: has LXD, our daemon and our whole API lead the same machines. */
import { ImageStore, imagesDirectory } from '@control-plane/node-daemon/image-store';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiContender } from './api-contender.ts';
import type { Contender } from './contender.ts';
import { DaemonContender } from './daemon-contender.ts';
import { aliasOf, LxdContender } from './lxd-contender.ts';
import { LxdServer } from './lxd-server.ts';
import { measureContenders } from './measure-contenders.ts';
import { measureCheckpoints } from './measure-checkpoints.ts';
import { comparisonRows, profileRows, writeHostResults } from './write-results.ts';

const ROUNDS: Readonly<Record<string, number>> = { busybox: 15, 'debian/13': 8 };

const store = new ImageStore(imagesDirectory(process.env));
const contenders: Contender[] = [];
try {
  const lxd = await LxdServer.start(join(mkdtempSync(join(tmpdir(), 'lxd-')), 'lxd'));
  contenders.push(new LxdContender(lxd, await lxd.version()));
  for (const image of Object.keys(ROUNDS)) lxd.importImage(store, image, aliasOf(image));
  contenders.push(await DaemonContender.start(), await ApiContender.start());
  const sections = [];
  for (const [image, rounds] of Object.entries(ROUNDS)) {
    const { samples, steps } = await measureContenders(contenders, image, rounds);
    sections.push({ image, rounds, rows: comparisonRows(samples), profile: profileRows(samples, steps) });
  }
  writeHostResults(
    contenders.map(({ name }) => name),
    sections,
    await measureCheckpoints(),
  );
} finally {
  for (const contender of contenders.toReversed()) await contender.close();
}
