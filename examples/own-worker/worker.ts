// A worker with your workflows and ours: `npx tsx examples/own-worker/worker.ts`, configured by the same variables as
// `temporal-hex worker`.
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { createActivities } from 'temporal-hex/activities';
import {
  connectToTemporal,
  hexDependencies,
  loadConfig,
  preloadModules,
  workflowInterceptorModules,
} from 'temporal-hex/worker';

const config = loadConfig();
const { connection, namespace } = await connectToTemporal();
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: config.taskQueue,
  workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
  bundlerOptions: { preloadModules },
  interceptors: { workflowModules: workflowInterceptorModules },
  activities: createActivities(await hexDependencies({ connection, namespace, config })),
});
await worker.run();
await connection.close();
