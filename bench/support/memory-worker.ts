import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { loadConfig } from '../../src/config.js';
import { createHexWorker } from '../../src/worker.js';
import { answerHeap } from './heap.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' });
const worker = await createHexWorker({
  connection,
  namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
  config: loadConfig(),
  worker: {
    // In the main thread, where its heap can be looked at; or out of it, to see what is left.
    debugMode: process.env.BENCH_THREAD !== 'yes',
    workflowBundle: { codePath: fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url)) },
    maxCachedWorkflows: 2_000,
  },
});
answerHeap();
console.log('ready');
await worker.run();
await connection.close();
if (process.connected) process.disconnect();
