import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createActivities } from '../src/activities/index.js';
import { loadConfig } from '../src/config.js';
import { type HexClient, HexError } from '../src/hex/index.js';
import { connectToTemporal, createHexWorker, hexDependencies } from '../src/worker.js';
import type { Variant } from './options.js';
import { WORKS } from './worker-pool.js';

// A worker whose client of Hex does what other integrations do. It is here to be caught.

const BREAK: Record<Variant, (client: HexClient) => HexClient> = {
  'blind-retry': (client) => ({
    ...client,
    async runProject(...call) {
      try {
        return await client.runProject(...call);
      } catch (error) {
        if (error instanceof HexError && error.outcome === 'unknown') return client.runProject(...call);
        throw error;
      }
    },
  }),
  'no-delete': (client) => ({ ...client, cancelRun: async () => undefined }),
};

const broken = BREAK[process.argv[2] as Variant];
Runtime.install({ logger: new DefaultLogger('ERROR') });
const config = loadConfig();
const bundle = config.converter.keys.length > 0 ? 'workflow-bundle-encoded-failures' : 'workflow-bundle';
const { connection, namespace } = await connectToTemporal();
const dependencies = await hexDependencies({ connection, namespace, config });
const worker = await createHexWorker({
  connection,
  namespace,
  config,
  worker: {
    workflowBundle: { codePath: fileURLToPath(new URL(`../dist/${bundle}.js`, import.meta.url)) },
    activities: createActivities({ ...dependencies, hex: (name) => broken(dependencies.hex(name)) }),
  },
});
console.log(`${process.argv[2]}: ${WORKS} "${config.taskQueue}"`);
await worker.run();
await connection.close();
