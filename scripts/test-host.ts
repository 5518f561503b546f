/**
 * `npm run test:host`: the suite of tests/host on a real host: LXC, nftables and what storage and checkpoints
 * need, inside namespaces of its own. As root on Debian it installs what is missing. Arguments are vitest's.
 */
import { join } from 'node:path';
import { prepareMachine, runInLab } from './host/lab.ts';
import { buildWorkloadImage, workloadImage } from '../tests/host/workloads/build-workload-image.ts';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

prepareMachine('The host suite');
const command = [
  process.execPath,
  join(REPOSITORY_ROOT, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--config',
  join(REPOSITORY_ROOT, 'tests/host/vitest.config.ts'),
  ...process.argv.slice(2),
];
await runInLab(command, { [workloadImage]: buildWorkloadImage });
