import { setTimeout as delay } from 'node:timers/promises';
import type { PipelineProgress } from '../src/pipeline/execution/result.js';
import type { Bench, Sizes } from './support/bench.js';
import { cpuSeconds, residentBytes } from './support/cpu.js';
import { load } from './support/machine.js';
import { count, ms, quantile, seconds, size } from './support/numbers.js';
import { startHexWorker, type WorkerProcess } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';

const ITEMS = 10_000;
const AT_ONCE = 100;
const LOOK_MS = 1_000;
const WORKFLOW_ID = 'items';

const UNLIMITED = { HEX_READS_PER_MINUTE: 'none', HEX_READS_PER_HOUR: 'none' };

export const items = ({ items: total = ITEMS, kills = 0 }: Sizes): Bench => ({
  title: 'Items: a fan-out that one history would be too short for',
  method: [
    `forEach of ${count(total)} items, ${AT_ONCE} at once (window), against an instant Hex without limits.`,
    'Histories are those of the pipeline and of its slices. --kills 2: so often the worker is killed and started again.',
  ],
  run: () =>
    withStack({ duration: { pending: 0, running: 0 } }, async (stack) => {
      let worker = await startHexWorker({ ...stack.env, ...UNLIMITED });
      const began = performance.now();
      const handle = await stack.hex.startPipeline(
        { name: 'items', steps: [fanOut(total)] },
        { workflowId: WORKFLOW_ID },
      );
      const seen = { peak: 0, cpu: 0, answers: [] as number[] };
      let left = kills;
      let ended = false;
      const result = handle.result().finally(() => {
        ended = true;
      });
      while (!ended) {
        await Promise.race([result, delay(LOOK_MS)]);
        await look(stack, worker, seen);
        const due =
          left > 0 && stack.sandbox.ledger().runs.length > (total * (kills + 1 - left)) / (kills + 1);
        if (!due || ended) continue;
        left--;
        seen.cpu += await cpuSeconds(worker.child.pid ?? 0);
        worker.child.kill('SIGKILL');
        worker = await startHexWorker({ ...stack.env, ...UNLIMITED });
      }
      const tookMs = performance.now() - began;
      const { steps } = await result;
      seen.cpu += await cpuSeconds(worker.child.pid ?? 0);
      const rows = await rowsOf(stack, total, tookMs, seen, JSON.stringify(steps).length);
      await worker.stop();
      return rows;
    }),
});

const fanOut = (total: number) => ({
  id: 'each',
  forEach: Array.from({ length: total }, (_, index) => index),
  projectId: 'project-{{ item }}',
  window: AT_ONCE,
  poll: { first: 0, min: '50ms', max: '1s', learn: false },
});

interface Seen {
  peak: number;
  cpu: number;
  answers: number[];
}

async function look(stack: Stack, { child }: WorkerProcess, seen: Seen): Promise<void> {
  seen.peak = Math.max(seen.peak, await residentBytes(child.pid ?? 0));
  const asked = performance.now();
  const progress = (await stack.hex.progress(WORKFLOW_ID).catch(() => null)) as PipelineProgress | null;
  if (progress) seen.answers.push(performance.now() - asked);
}

async function rowsOf(
  { temporal, sandbox, serverPid }: Stack,
  total: number,
  tookMs: number,
  { peak, cpu, answers }: Seen,
  resultBytes: number,
): Promise<Row[]> {
  const { runs } = sandbox.ledger();
  const projects = new Set(runs.map(({ projectId }) => projectId)).size;
  const pipeline = await temporal.workflow.getHandle(WORKFLOW_ID).describe();
  const slices = [];
  for await (const slice of temporal.workflow.list({ query: "WorkflowType = 'hexSlice'" }))
    slices.push(slice);
  const most = (values: readonly (number | undefined)[]) => Math.max(0, ...values.map((value) => value ?? 0));
  return [
    { what: 'all items', value: seconds(tookMs), note: `${count(total / (tookMs / 1_000), 1)} a second` },
    {
      what: 'CPU',
      value: `${count(cpu, 1)} s worker`,
      note: `server ${count(await cpuSeconds(serverPid), 1)} s`,
    },
    {
      what: 'runs in Hex',
      value: count(runs.length),
      against: `${count(total)} items, ${count(projects)} projects`,
    },
    {
      what: 'history of the pipeline',
      value: `${count(pipeline.historyLength)} events`,
      against: 'Temporal warns at 10,240',
      note: size(pipeline.historySize ?? 0),
    },
    {
      what: `longest of ${slices.length} slices`,
      value: `${count(most(slices.map(({ historyLength }) => historyLength)))} events`,
      against: 'Temporal warns at 10,240',
      note: size(most(slices.map(({ historySize }) => historySize))),
    },
    { what: 'result of the pipeline', value: size(resultBytes), against: 'bound 1 MB' },
    { what: 'memory of the worker, peak', value: size(peak) },
    {
      what: 'answer of progress',
      value: answers.length > 0 ? `${ms(quantile(answers, 0.5))} median` : 'none',
      note: answers.length > 0 ? `longest ${ms(Math.max(...answers))}, ${answers.length} asked` : '',
    },
    { what: 'load', value: load() },
  ];
}
