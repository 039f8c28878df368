import { defineConfig } from 'vitest/config';
import { tests } from './vitest.config.js';

/** What takes long: storms, outages, sizes, hours of simulation. Each has a small version among the others. */
export default defineConfig({ test: { ...tests, include: ['test/**/*.long.test.ts'], exclude: [] } });
