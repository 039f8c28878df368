import { defineConfig } from 'vitest/config';

const report = process.env.VITEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Most of them wait for a server, a timer or a process: three at a time keep two cores busy.
    maxWorkers: 3,
    // On a busy machine of somebody else's a limit in a test may be too short once; a fault is red twice.
    retry: process.env.CI ? 1 : 0,
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report && { outputFile: { json: report } }),
  },
});
