import { defineConfig } from 'vitest/config';

/** Suites of real hosts that hold on ZFS and version 2 control groups as well. */
const shared = ['lifecycle'].map((name) => `tests/host/${name}.test.ts`);

/** The suite that needs ZFS: run by `npm run test:zfs` inside a virtual machine, whose processor is emulated. */
export default defineConfig({
  test: {
    environment: 'node',
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/zfs/**/*.test.ts', ...shared],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
