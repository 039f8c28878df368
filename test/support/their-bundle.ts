import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { preloadModules } from '../../src/worker/workflow-code.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const SOURCES = ['their-workflows.ts', 'schedule-workflow.ts', 'other-team.ts', '../../dist/.sources'];

/**
 * The workflows of other teams that tests use, bundled. Webpack takes seconds of CPU, so it is asked once for all files
 * and runs: the bundle is kept with the hash of what it was made from.
 */
export async function theirBundle(): Promise<{ codePath: string }> {
  const hash = createHash('sha256');
  for (const name of SOURCES) hash.update(readFileSync(path(name)));
  const codePath = join(tmpdir(), `temporal-hex-their-workflows-${hash.digest('hex').slice(0, 16)}.js`);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: path('./their-workflows.ts'),
      preloadModules,
      logger: new DefaultLogger('WARN'),
    });
    // Another process may do the same: each writes a file of its own, and the last one stays.
    const own = `${codePath}.${randomUUID()}`;
    writeFileSync(own, code);
    renameSync(own, codePath);
  }
  return { codePath };
}
