import { defineConfig } from 'vitest/config';

/** Suites of real hosts that hold on ZFS and version 2 control groups as well. */
const shared = ['lifecycle', 'limits', 'network', 'checkpoint-systemd'].map(
  (name) => `tests/host/${name}.test.ts`,
);
/** Others of them, when the command line names them. */
const named = process.argv.filter((word) => word.startsWith('tests/host/'));
/** What needs pools only runs beside what makes machines: see scripts/host/vm/guest-tests.sh. */
const storage = ['storage-zfs', 'streams'].map((name) => `tests/zfs/${name}.test.ts`);
const machines = ['tests/zfs/**/*.test.ts', ...shared, ...named];
const lanes: Record<string, { include: string[]; exclude: string[] }> = {
  storage: { include: storage, exclude: [] },
  machines: { include: machines, exclude: storage },
};
const lane = lanes[process.env['ZFS_LANE'] ?? ''];

/** The suite that needs ZFS: run by `npm run test:zfs` inside a virtual machine, whose processor is emulated. */
export default defineConfig({
  test: {
    environment: 'node',
    root: new URL('../..', import.meta.url).pathname,
    include: lane?.include ?? [...storage, ...machines],
    exclude: lane?.exclude ?? [],
    setupFiles: ['tests/host/support/show-daemon-logs.ts'],
    pool: 'forks',
    // One process for all files: starting one takes many seconds there.
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    teardownTimeout: 60_000,
  },
});
