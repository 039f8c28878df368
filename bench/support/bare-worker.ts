import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { answerHeap } from './heap.js';
import { TASK_QUEUES } from './task-queues.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' });
const worker = await Worker.create({
  connection,
  namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
  taskQueue: TASK_QUEUES.bare,
  workflowsPath: fileURLToPath(new URL('./bare-workflows.ts', import.meta.url)),
  activities: { instant: async () => 1 },
  maxCachedWorkflows: 2_000,
  // In the main thread, where its heap can be looked at.
  debugMode: process.env.BENCH_HEAP === 'yes',
});
if (process.env.BENCH_HEAP === 'yes') answerHeap();
console.log('ready');
await worker.run();
await connection.close();
if (process.connected) process.disconnect();
