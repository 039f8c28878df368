import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { resolveTemporalCli, startDevServer } from '../../src/temporal-server/index.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the dev server that all test files share, `host:port`. */
    temporalAddress: string;
    temporalNamespace: string;
    /** The `temporal` executable. */
    temporalCli: string;
  }
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The search attributes that the workflows set. */
const SEARCH_ATTRIBUTES = {
  HexProjectId: 'Keyword',
  HexRunId: 'Keyword',
  HexPipeline: 'Keyword',
  HexStep: 'Keyword',
  HexStatus: 'Keyword',
} as const;

/** Builds the package and starts one dev server for all test files; tests keep apart by task queue. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  build();
  const cli = await resolveTemporalCli();
  const server = await startDevServer({ cli, port: 0, uiPort: false, searchAttributes: SEARCH_ATTRIBUTES });
  project.provide('temporalAddress', server.address);
  project.provide('temporalNamespace', server.namespace);
  project.provide('temporalCli', cli.path);
  return () => server.stop();
}

/** Builds dist/ when a source is newer. Sources that do not compile are for `npm run build` to refuse. */
function build(): void {
  const newest = (folder: string) =>
    Math.max(
      ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
        (name) => statSync(join(folder, name)).mtimeMs,
      ),
    );
  const bundle = join(ROOT, 'dist', 'workflow-bundle.js');
  if (existsSync(bundle) && statSync(bundle).mtimeMs > newest(join(ROOT, 'src'))) return;
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { stdio: 'inherit' });
  if (status !== 0) process.stderr.write('The build failed: tests that use dist/ see none, or an old one.\n');
}
