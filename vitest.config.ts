import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['{packages,workers,node-daemon,tests,scripts}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.data/**', 'tests/host/**', 'tests/zfs/**'],
    // The drivers of a real host have a suite of their own (npm run test:host), on a host of its own.
    env: { NODE_DAEMON_AUTO_DRIVERS: 'namespaces' },
    pool: 'forks',
    // Many tests start real processes (workerd, daemons, containers): more at once only slows each of them.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
