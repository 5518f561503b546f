import { defineConfig } from 'vitest/config';

/** The suite that needs a real host: run by `npm run test:host` inside the lab, one file after the other. */
export default defineConfig({
  test: {
    environment: 'node',
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/host/**/*.test.ts'],
    setupFiles: ['tests/host/support/show-daemon-logs.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
