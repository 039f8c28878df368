import { defineConfig } from 'vitest/config';
import { tests } from './vitest.config.js';

/** The same tests are in the suite, with less: fewer runs of each property, zones and steps. */
const THOROUGH = [
  'test/limits/never-too-many.test.ts',
  'test/pipeline/five-hundred.test.ts',
  'test/schedule/every-local-day-once.test.ts',
];

/** What takes long: storms, outages, sizes, hours of simulation. Most have a small version among the others. */
export default defineConfig({
  test: {
    ...tests,
    include: ['test/**/*.long.test.ts', ...THOROUGH],
    exclude: [],
    provide: { thorough: true },
  },
});
