import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TemporalHexClient } from '../src/client.js';
import type { Bench } from './support/bench.js';
import { heapOf } from './support/heap.js';
import { load } from './support/machine.js';
import { size } from './support/numbers.js';
import { startSupport, type WorkerProcess } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';
import { TASK_QUEUES } from './support/task-queues.js';
import { untilWaiting } from './support/waiting.js';

const WORKFLOWS = 300;
/** Cached before the first look, so that what is made once is not counted. */
const BEFORE = 20;
const GOAL_BYTES = 40_000;
const BUNDLE = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url));

/** One read, and then a wait that outlasts the bench. */
const RUN = { poll: { first: 0, min: '1h', max: '1h' }, timeout: '2h' } as const;

interface Kind {
  name: string;
  worker: WorkerProcess;
  /** Ends of the ids of its children. */
  children?: string[];
  start(workflowId: string): Promise<unknown>;
}

export const memory: Bench = {
  title: 'Memory: the bundle, and the heap of a cached workflow',
  method: [
    `heapUsed of a worker after forced collections, with ${BEFORE} waiting workflows in its cache and with ${WORKFLOWS} more; debugMode runs`,
    'workflows in the main thread, so that all that worker and SDK keep for one is counted. Each has made two requests and waits.',
    "The workflow itself is what leaves the main thread's heap when workflows run in a thread of their own, as they do outside of this bench.",
  ],
  run: () =>
    withStack({ duration: 'forever' }, async (stack) => {
      const env = { ...stack.env, BENCH_HEAP: 'yes' };
      const ours = stack.own(await startSupport('memory-worker', env));
      const bare = stack.own(await startSupport('bare-worker', env));
      const threaded = stack.own(
        await startSupport('memory-worker', {
          ...env,
          BENCH_THREAD: 'yes',
          HEX_TASK_QUEUE: TASK_QUEUES.threaded,
        }),
      );
      const elsewhere = new TemporalHexClient({ client: stack.temporal, taskQueue: TASK_QUEUES.threaded });
      const bareBytes = await heapEach(stack, bareWait(stack, bare));
      const runBytes = await heapEach(stack, hexRun('hexRun', stack.hex, ours));
      const outsideBytes = await heapEach(stack, hexRun('threaded', elsewhere, threaded));
      const pipelineBytes = await heapEach(stack, hexPipeline(stack.hex, ours));
      const overBare = (bytes: number) => `${(bytes / bareBytes).toFixed(1)} x bare`;
      return [
        { what: 'bundle (its source map is left out by the build)', value: size(statSync(BUNDLE).size) },
        { what: 'heap for a cached bare workflow', value: size(bareBytes) },
        { what: 'heap for a cached hexRun', value: size(runBytes), against: overBare(runBytes) },
        {
          what: '  of that the workflow itself',
          value: size(runBytes - outsideBytes),
          against: `goal <= ${size(GOAL_BYTES)}`,
        },
        {
          what: 'heap for a cached hexPipeline of 3 steps, with the hexRun of the first',
          value: size(pipelineBytes),
          against: overBare(pipelineBytes),
        },
        { what: 'load', value: load() },
      ];
    }),
};

const bareWait = ({ temporal }: Stack, worker: WorkerProcess): Kind => ({
  name: 'bare',
  worker,
  start: (workflowId) =>
    temporal.workflow.start('bareWait', { taskQueue: TASK_QUEUES.bare, workflowId, args: [] }),
});

const hexRun = (name: string, hex: TemporalHexClient, worker: WorkerProcess): Kind => ({
  name,
  worker,
  start: (workflowId) => hex.startRun({ projectId: workflowId, ...RUN }, { workflowId }),
});

function hexPipeline(hex: TemporalHexClient, worker: WorkerProcess): Kind {
  const ids = ['extract', 'transform', 'load'];
  return {
    name: 'pipeline',
    worker,
    children: ['/extract'],
    start: (workflowId) => {
      const steps = ids.map((id) => ({ id, projectId: `${workflowId}-${id}`, ...RUN }));
      return hex.startPipeline({ name: 'etl', steps }, { workflowId });
    },
  };
}

/** Heap bytes of one workflow of the kind, its children included. */
async function heapEach({ temporal }: Stack, { name, worker, children = [], start }: Kind): Promise<number> {
  const ids = Array.from({ length: BEFORE + WORKFLOWS }, (_, index) => `${name}-${index}`);
  const withSome = async (some: string[]) => {
    await Promise.all(some.map(start));
    await untilWaiting(temporal, [...some, ...some.flatMap((id) => children.map((child) => id + child))]);
    return heapOf(worker);
  };
  const before = await withSome(ids.slice(0, BEFORE));
  const after = await withSome(ids.slice(BEFORE));
  await Promise.all(ids.map((id) => temporal.workflow.getHandle(id).terminate()));
  return (after - before) / WORKFLOWS;
}
