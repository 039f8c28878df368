import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';

// The other team's worker: its own queue, its own workflows, no token of Hex.
const connection = await NativeConnection.connect();
const worker = await Worker.create({
  connection,
  taskQueue: 'books',
  workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
});
await worker.run();
