import { describeMutualCopies } from '../../node-daemon/src/transfer/mutual-copies-suite.ts';

const spec = { image: 'busybox', memory_bytes: 128 * 1024 * 1024 } as const;
describeMutualCopies({ environments: [{}, {}], spec, rounds: 6, storage: 'btrfs' });
