import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type NativeConnection,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { own } from '../base/json.js';
import { drain } from '../local-stack/worker.js';

/**
 * Stands for a workflow of another team: gets its arguments, and gives its result. What it throws fails the workflow;
 * throw an `ApplicationFailure` to choose its type. It is called again for every attempt of its step.
 */
// biome-ignore lint/suspicious/noExplicitAny: the arguments are those of a workflow that only the caller knows.
export type WorkflowStub = (...args: any[]) => unknown;

/** The workflows to play, and where. */
export interface StubWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  stubs: Readonly<Record<string, WorkflowStub>>;
}

let bundle: Promise<WorkflowBundle> | null = null;

/** A worker that answers the workflows of others by functions of this process. Gives what stops it. */
export async function startStubWorker(options: StubWorkerOptions): Promise<() => Promise<void>> {
  const { connection, namespace, taskQueue, stubs } = options;
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`./stub-workflow${extname(import.meta.url)}`, import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await bundle,
    activities: {
      // A stub that never answers must not hold up the end.
      callStub: (type: string, args: unknown[]) =>
        Promise.race([own(stubs, type)?.(...args), Context.current().cancelled]),
    },
    shutdownGraceTime: 0,
  });
  const running = worker.run();
  return () => drain(worker, running);
}
