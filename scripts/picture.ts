// Takes the picture of the Web UI that README.md shows: docs/images/web-ui.png. Needs a Chromium (CHROME_PATH, or
// `chromium` on the PATH). Run by hand: npm run picture.
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { chromium as launcher } from 'playwright-core';
import { parse } from 'yaml';
import { connectClient } from '../src/client.js';
import { loadConfig } from '../src/config.js';
import { startSandbox } from '../src/sandbox/index.js';
import { startDevServer } from '../src/temporal-server/index.js';
import { createHexWorker } from '../src/worker.js';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const browser = process.env.CHROME_PATH ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
Runtime.install({ logger: new DefaultLogger('WARN') });

const server = await startDevServer();
const sandbox = await startSandbox({ port: 0, duration: '4s' });
const connection = await NativeConnection.connect({ address: server.address });
const hex = await connectClient({ address: server.address });
const worker = await createHexWorker({
  connection,
  config: loadConfig({ HEX_BASE_URL: sandbox.url, HEX_API_TOKEN: 'picture', HEX_LIMITS: 'off' }),
  worker: { workflowBundle: { codePath: path('dist/workflow-bundle.js') } },
});
await worker.runUntil(async () => {
  const definition = parse(await readFile(path('examples/regions.yaml'), 'utf8'));
  const pipeline = await hex.startPipeline(definition, { workflowId: 'regions-2026-01-31' });
  await sandbox.waitFor(({ runs }) => runs.length === 3);
  const { workflowId, firstExecutionRunId } = pipeline;
  const page = `${server.uiUrl}/namespaces/default/workflows/${workflowId}/${firstExecutionRunId}/user-metadata`;
  await photograph(page, path('docs/images/web-ui.png'));
  await pipeline.cancel();
  await pipeline.result().catch(() => undefined);
});
await Promise.all([connection.close(), hex.close(), sandbox.close()]);
await server.stop();

async function photograph(page: string, file: string): Promise<void> {
  const chromium = await launcher.launch({ executablePath: browser, args: ['--no-sandbox'] });
  const view = await chromium.newPage({ viewport: { width: 1900, height: 1000 } });
  await view.goto(page);
  await view.frameLocator('iframe').last().getByText('per-region').first().waitFor();
  await view.screenshot({ path: file });
  await chromium.close();
}
