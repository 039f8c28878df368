// Takes the pictures that README.md and docs/ show: Temporal's Web UI and the pages of the console, docs/images/*.png.
// Needs a Chromium (CHROME_PATH, or one on the PATH). Run by hand: npm run picture.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { type Browser, chromium } from 'playwright-core';
import { parse } from 'yaml';
import { connectClient } from '../src/client.js';
import { loadConfig } from '../src/config.js';
import { searchAttributeTypes } from '../src/contract/search-attributes.js';
import { startSandbox } from '../src/sandbox/index.js';
import { startDevServer } from '../src/temporal-server/index.js';
import { createHexWorker } from '../src/worker.js';
import { findChromium } from '../test/support/find-chromium.js';
import { beginThePresent, fillThePast, photographConsole } from './console-pictures.js';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const executablePath = findChromium();
if (executablePath === null) throw new Error('Install the package "chromium", or set CHROME_PATH to one');
Runtime.install({ logger: new DefaultLogger('ERROR') });

const server = await startDevServer({ searchAttributes: searchAttributeTypes() });
const sandbox = await startSandbox({ port: 0, duration: 200 });
const connection = await NativeConnection.connect({ address: server.address });
const hex = await connectClient({ address: server.address });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
await working('off', () => fillThePast(hex, sandbox));
// Hex's limits count what ran before them too.
sandbox.reset();
await working('on', async () => {
  const workflowId = await beginThePresent(hex, sandbox);
  await photographConsole(
    browser,
    { address: server.address, namespace: server.namespace, hex },
    workflowId,
    image,
  );
  sandbox.settings({ duration: '4s', durations: {} });
  await photographWebUi(browser);
});
await browser.close();
await Promise.all([connection.close(), hex.close(), sandbox.close()]);
await server.stop();

function image(name: string): string {
  return path(`docs/images/${name}`);
}

/** A worker while something is done, with or without Hex's limits: weeks of runs would take days with them. */
async function working(limits: 'on' | 'off', use: () => Promise<void>): Promise<void> {
  const worker = await createHexWorker({
    connection,
    config: loadConfig({ HEX_BASE_URL: sandbox.url, HEX_API_TOKEN: 'picture', HEX_LIMITS: limits }),
    worker: {
      workflowBundle: { codePath: path('dist/workflow-bundle.js') },
      // Weeks of runs at once keep a small machine busy: no workflow is to be given up as hung.
      debugMode: true,
    },
  });
  await worker.runUntil(use);
}

async function photographWebUi(chromium: Browser): Promise<void> {
  const definition = parse(await readFile(path('examples/regions.yaml'), 'utf8'));
  const started = sandbox.ledger().runs.length;
  const pipeline = await hex.startPipeline(definition, { workflowId: 'regions-2026-01-31' });
  await sandbox.waitFor(({ runs }) => runs.length === started + 3);
  const { workflowId, firstExecutionRunId } = pipeline;
  const page = `${server.uiUrl}/namespaces/default/workflows/${workflowId}/${firstExecutionRunId}/user-metadata`;
  const view = await chromium.newPage({ viewport: { width: 1900, height: 1000 } });
  await view.goto(page);
  await view.frameLocator('iframe').last().getByText('per-region').first().waitFor();
  await view.screenshot({ path: image('web-ui.png') });
  await pipeline.cancel();
  await pipeline.result().catch(() => undefined);
}
