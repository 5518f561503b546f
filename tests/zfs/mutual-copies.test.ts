import { describeMutualCopies } from '../../node-daemon/src/transfer/mutual-copies-suite.ts';

const spec = { image: 'busybox', memory_bytes: 128 * 1024 * 1024 } as const;
const environments = [{ NODE_DAEMON_STORAGE: 'zfs:one' }, { NODE_DAEMON_STORAGE: 'zfs:two' }] as const;
describeMutualCopies({ environments, spec, rounds: 2, storage: 'zfs' });
