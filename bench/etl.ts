import type { Bench } from './support/bench.js';
import { load } from './support/machine.js';
import { median, ms, seconds } from './support/numbers.js';
import { startHexWorker } from './support/processes.js';
import { statusReads } from './support/reads.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';

const ROUNDS = 3;
const RUN_MS = 5_000;
const STEPS = ['extract', 'transform', 'load'];
const GOAL_FIRST_POST_MS = 500;
const GOAL_WALL_MS = 17_500;

interface Round {
  /** From the client's start to the moment the POST of the first step arrived at Hex. */
  firstPostMs: number;
  /** From the client's start to the result. */
  wallMs: number;
  /** From the end of a run in Hex to the arrival of the next step's POST. */
  handOversMs: number[];
  reads: number;
}

export const etl: Bench = {
  title: `ETL: ${STEPS.length} steps one after the other, runs of ${RUN_MS / 1_000} s, default poll settings`,
  method: [
    `Medians of ${ROUNDS} rounds; the first one has a worker that has not done anything yet.`,
    'Times of the POSTs are taken by the sandbox, when they arrive.',
  ],
  run: () =>
    withStack({ duration: RUN_MS }, async (stack) => {
      stack.own(await startHexWorker(stack.env));
      const loadBefore = load();
      const rounds: Round[] = [];
      for (let index = 0; index < ROUNDS; index++) rounds.push(await round(stack));
      return [...rowsOf(rounds), { what: 'load before and after', value: `${loadBefore} and ${load()}` }];
    }),
};

async function round({ hex, sandbox }: Stack): Promise<Round> {
  sandbox.reset();
  const steps = STEPS.map((id) => ({ id, projectId: `${id}-project` }));
  const begun = Date.now();
  await (await hex.startPipeline({ name: 'etl', steps })).result();
  const wallMs = Date.now() - begun;
  const { runs, counters } = sandbox.ledger();
  const created = runs.map(({ createdAt }) => Date.parse(createdAt));
  const ended = runs.map(({ endedAt }) => Date.parse(endedAt ?? ''));
  return {
    firstPostMs: (created[0] ?? Number.NaN) - begun,
    wallMs,
    handOversMs: created.slice(1).map((at, index) => at - (ended[index] ?? Number.NaN)),
    reads: statusReads(counters.operations),
  };
}

function rowsOf(rounds: readonly Round[]): Row[] {
  const floorMs = STEPS.length * RUN_MS;
  return [
    {
      what: 'submit to the first POST',
      value: ms(median(rounds.map(({ firstPostMs }) => firstPostMs))),
      against: `goal <= ${seconds(GOAL_FIRST_POST_MS)}; Airflow 1.3 s, Dagster 9.6 s, Prefect 13.8 s`,
      note: `rounds ${rounds.map(({ firstPostMs }) => ms(firstPostMs)).join(', ')}`,
    },
    {
      what: 'submit to the result',
      value: seconds(median(rounds.map(({ wallMs }) => wallMs))),
      against: `floor ${seconds(floorMs)}, goal <= ${seconds(GOAL_WALL_MS)}; Airflow 22.2 s, Dagster 37.1 s, Prefect 45.5 s`,
      note: `rounds ${rounds.map(({ wallMs }) => seconds(wallMs)).join(', ')}`,
    },
    {
      what: 'end of a run to the next POST',
      value: ms(median(rounds.flatMap(({ handOversMs }) => handOversMs))),
      against: 'what the poll interval leaves unseen',
    },
    { what: 'reads of a run', value: (median(rounds.map(({ reads }) => reads)) / STEPS.length).toFixed(1) },
  ];
}
