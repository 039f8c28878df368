import type { Bench } from './support/bench.js';
import { load } from './support/machine.js';
import { median, ms, quantile } from './support/numbers.js';
import { startHexWorker } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';

const STARTS = 30;
const APART_MS = 2_000;
const FILES = 200;

export const schedule: Bench = {
  title: 'Schedules: from the nominal time to the POST, and the time to apply many files',
  method: [
    `${STARTS} starts of a schedule, ${APART_MS / 1_000} s apart, of a pipeline with one step; all start a run, and none waits for another.`,
    'Times of the POSTs are taken by the sandbox, when they arrive. Server, worker and sandbox share this machine and its clock.',
  ],
  run: () =>
    withStack({ duration: 100 }, async (stack) => {
      stack.own(await startHexWorker(stack.env));
      const delays = await delaysOf(stack);
      const appliedMs = await applyMany(stack);
      return [
        {
          what: 'nominal time to the POST, median',
          value: ms(median(delays)),
          against: 'Airflow 1.3 s, Dagster 9.6 s, Prefect 13.8 s',
        },
        { what: 'the same, 95th percentile', value: ms(quantile(delays, 0.95)), note: `of ${delays.length}` },
        { what: `apply of ${FILES} definitions that are new`, value: ms(appliedMs.create) },
        { what: 'the same again, nothing to change', value: ms(appliedMs.again) },
        { what: 'load', value: load() },
      ];
    }),
};

/** Milliseconds from each nominal time to the arrival of its POST. */
async function delaysOf({ hex, sandbox }: Stack): Promise<number[]> {
  const input = {
    name: 'every-so-often',
    schedule: { every: `${APART_MS}ms` as const, overlap: 'allow_all' as const },
    steps: [{ projectId: 'a-project', inputParams: { at: '{{ run.scheduledTime }}' } }],
  };
  await hex.schedules.apply([{ file: 'every-so-often.yaml', input }]);
  const { runs } = await sandbox.waitFor((ledger) => ledger.runs.length >= STARTS, 2 * STARTS * APART_MS);
  await hex.schedules.delete(input.name);
  return runs.map(
    ({ createdAt, inputParams }) => Date.parse(createdAt) - Date.parse(String(inputParams?.at)),
  );
}

async function applyMany({ hex }: Stack): Promise<{ create: number; again: number }> {
  const sources = Array.from({ length: FILES }, (_, index) => ({
    file: `pipelines/p${index}.yaml`,
    input: {
      name: `p${index}`,
      timezone: 'Europe/Berlin',
      schedule: { cron: `${index % 60} 2 * * *` },
      steps: [{ projectId: 'a-project' }],
    },
  }));
  const timed = async () => {
    const begun = Date.now();
    await hex.schedules.apply(sources);
    return Date.now() - begun;
  };
  return { create: await timed(), again: await timed() };
}
