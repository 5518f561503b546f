/**
 * `npm run bench:host`: our daemon and our API beside Debian's LXD, and CRIU by us beside CRIU alone, on this
 * machine, in one run, in the lab of the host tests. Writes a section of bench/results.md. Root on Debian.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepareMachine, runInLab } from '../../scripts/host/lab.ts';
import { REPOSITORY_ROOT } from '../../scripts/stack/repository-root.ts';

prepareMachine(
  'The comparison with LXD',
  existsSync('/usr/sbin/lxd') || existsSync('/usr/bin/lxd') ? [] : ['lxd'],
);
await runInLab([process.execPath, join(REPOSITORY_ROOT, 'bench/host/measure.ts')]);
