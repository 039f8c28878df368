import { type Browser, chromium } from 'playwright-core';
import { afterAll, describe } from 'vitest';
import { findChromium } from './find-chromium.js';

const WITHOUT = 'these tests need a Chromium: install the package "chromium", or set CHROME_PATH to one';

/** Tests of pages in a real browser. They are skipped where there is none, and say so; in CI they fail instead. */
export function inChromium(what: string, tests: (browser: () => Promise<Browser>) => void): void {
  const executablePath = findChromium();
  if (executablePath === null) {
    if (process.env.CI || process.env.REQUIRE_CHROMIUM) throw new Error(`${what}: ${WITHOUT}`);
    describe.skip(`${what} (skipped: ${WITHOUT})`, () =>
      tests(async () => Promise.reject(new Error(WITHOUT))));
    return;
  }
  describe(what, () => {
    let started: Promise<Browser> | undefined;
    afterAll(async () => (await started)?.close());
    tests(() => {
      // As root, which is what containers have, Chromium starts without its sandbox only.
      started ??= chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
      return started;
    });
  });
}
