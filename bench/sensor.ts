import { setTimeout as delay } from 'node:timers/promises';
import { sensorId } from '../src/contract/ids.js';
import { backgroundIntervalMs } from '../src/hex/index.js';
import { DEFAULT_READ_LIMITS } from '../src/limits/hex-limits.js';
import type { SensorMode } from '../src/pipeline/sensor/definition.js';
import type { Bench, Sizes } from './support/bench.js';
import { cpuSeconds } from './support/cpu.js';
import { continuationsOf, largestInput } from './support/history.js';
import { load } from './support/machine.js';
import { count, ms, seconds, size } from './support/numbers.js';
import { startHexWorker } from './support/processes.js';
import { statusReads } from './support/reads.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';

/** Of so many endings, one has a pipeline of its own in the second part. */
const EACH = 10;
/** Runs of the past are so far apart. */
const APART_MS = 5_000;
const GOAL_BYTES = 256_000;
const LOOK_MS = 250;

export const sensor = ({ endings: missed = 10_000 }: Sizes): Bench => ({
  title: `Sensors: ${count(missed)} endings that were missed`,
  method: [
    'One project, whose runs have ended one after the other; the sensor is started with "since" before the first. Reads are not limited.',
    `First a pipeline for all of a page (all_since_last), then one for each of ${count(missed / EACH)} endings. The pipelines skip their only step.`,
  ],
  run: () =>
    withStack({}, async (stack) => {
      const worker = stack.own(await startHexWorker(stack.env));
      const cases = [
        ['all_since_last', missed],
        ['each', missed / EACH],
      ] as const;
      const rows: Row[] = [];
      for (const [mode, endings] of cases)
        rows.push(...(await caughtUp(stack, worker.child.pid ?? 0, mode, endings)));
      return [...rows, { what: 'load', value: load() }];
    }),
});

async function caughtUp(stack: Stack, pid: number, mode: SensorMode, endings: number): Promise<Row[]> {
  const { hex, sandbox, temporal } = stack;
  const name = `after-${mode}`;
  const projectId = `missed-${mode}`;
  const spanMs = endings * APART_MS;
  sandbox.seed(
    Array.from({ length: endings }, (_, index) => ({
      projectId,
      ago: spanMs - index * APART_MS,
      duration: 1,
    })),
  );
  const reads = () => statusReads(sandbox.ledger().counters.operations);
  const readsBefore = reads();
  const cpuBefore = await cpuSeconds(pid);
  const begun = performance.now();
  await hex.sensors.start({
    pipeline: { name, on: { projects: projectId, mode }, steps: [{ projectId: 'never', when: false }] },
    since: new Date(Date.now() - spanMs - APART_MS).toISOString(),
  });
  while ((await hex.sensors.describe(name).catch(() => null))?.endings !== endings) await delay(LOOK_MS);
  const wallMs = performance.now() - begun;
  const cpu = (await cpuSeconds(pid)) - cpuBefore;
  const used = reads() - readsBefore;
  const { largest, events } = await continuationsOf(temporal, sensorId(name));
  const carried = await largestInput(temporal, sensorId(name));
  await hex.sensors.delete(name);
  const pacedMs = used * backgroundIntervalMs(DEFAULT_READ_LIMITS);
  return [
    {
      what: `${mode}: ${count(endings)} endings`,
      value: `${seconds(wallMs)}, ${ms(wallMs / endings)} an ending`,
    },
    { what: '  CPU of the worker', value: `${count(cpu, 1)} s`, note: 'that of the pipelines included' },
    {
      what: '  reads of Hex',
      value: count(used),
      note: `within Hex's read limit, behind live runs: ${seconds(pacedMs)}`,
    },
    { what: '  events of the sensor', value: `${count(events / endings, 2)} an ending` },
    { what: '  largest history', value: `${count(largest)} events` },
    {
      what: '  state of a project, with what a look asks for',
      value: size(carried),
      against: `goal < ${size(GOAL_BYTES)}`,
    },
  ];
}
