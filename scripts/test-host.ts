/**
 * `npm run test:host`: the suite of tests/host on a real host: LXC, nftables and what storage and checkpoints
 * need, inside namespaces of its own. As root on Debian it installs what is missing. `--prepare` does no more than
 * that, and makes images and programs that it keeps; other arguments are vitest's.
 */
import { join } from 'node:path';
import type { ImageStore } from '@control-plane/node-daemon/image-store';
import { cache, prepareLab, prepareMachine, runInLab } from './host/lab.ts';
import { prepareHostTrees } from '../tests/host/installed/host-trees.ts';
import { buildWorkloadImage, workloadImage } from '../tests/host/workloads/build-workload-image.ts';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

prepareMachine('The host suite');
const images = { [workloadImage]: buildWorkloadImage };
const prepareTrees = (store: ImageStore): Record<string, string> =>
  prepareHostTrees(store, join(cache, 'hosts'));
const [first, ...rest] = process.argv.slice(2);
if (first === '--prepare' && rest.length === 0) await prepareLab(images, prepareTrees);
else {
  const command = [
    process.execPath,
    join(REPOSITORY_ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--config',
    join(REPOSITORY_ROOT, 'tests/host/vitest.config.ts'),
    ...process.argv.slice(2),
  ];
  await runInLab(command, images, prepareTrees);
}
