import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { searchAttributeTypes } from '../../src/contract/search-attributes.js';
import { resolveTemporalCli, startDevServer } from '../../src/temporal-server/index.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the dev server that all test files share, `host:port`. */
    temporalAddress: string;
    temporalNamespace: string;
    /** The `temporal` executable. */
    temporalCli: string;
    /** `npm run test:long`: what the suite tries by samples is tried by many more. */
    thorough: boolean;
  }
}

const BUILD = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));

/** Builds the package and starts one dev server for all test files; tests keep apart by task queue. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync(process.execPath, [BUILD], { stdio: 'inherit' });
  const cli = await resolveTemporalCli();
  const server = await startDevServer({
    cli,
    port: 0,
    uiPort: false,
    searchAttributes: searchAttributeTypes(),
    // All tests together may read its lists; by default a namespace may 10 times a second, and the others would wait.
    dynamicConfig: { 'frontend.namespaceRPS.visibility': 1_000 },
  });
  project.provide('temporalAddress', server.address);
  project.provide('temporalNamespace', server.namespace);
  project.provide('temporalCli', cli.path);
  return () => server.stop();
}
