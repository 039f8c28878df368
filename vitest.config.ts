import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

const report = process.env.VITEST_REPORT;

export const tests = {
  include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
  // They are a command of their own: npm run test:long.
  exclude: [...configDefaults.exclude, '**/*.long.test.ts'],
  provide: { thorough: false },
  globalSetup: ['test/support/global-setup.ts'],
  setupFiles: ['test/support/setup.ts'],
  // What is waited for comes in seconds; on a busy machine in many.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // Most of them wait for a server, a timer or a process: four at a time keep two cores busy.
  maxWorkers: 4,
  // Temporal's SDK takes seconds to load: a process loads it once for all of its files. A file must leave nothing
  // behind that another one sees.
  isolate: false,
  sequence: { sequencer: LongestFirst },
  // On a busy machine of somebody else's a limit in a test may be too short once; a fault is red twice.
  retry: process.env.CI ? 1 : 0,
  reporters: report ? ['default', 'json'] : ['default'],
  ...(report && { outputFile: { json: report } }),
} satisfies ViteUserConfig['test'];

export default defineConfig({ test: tests });
