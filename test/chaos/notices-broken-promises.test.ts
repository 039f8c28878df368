import { describe, expect, it } from 'vitest';
import { check, type Evidence } from '../../chaos/check.js';
import type { MeantDate } from '../../chaos/dates.js';
import type { WorkflowFacts } from '../../chaos/histories.js';
import { planStorm } from '../../chaos/plan.js';
import type { LedgerRequest, LedgerRun } from '../../src/sandbox/index.js';

const T0 = Date.parse('2026-11-23T06:00:00.000Z');
const at = (ms: number) => new Date(T0 + ms).toISOString();

const workflow = (facts: Partial<WorkflowFacts>): WorkflowFacts => ({
  type: 'hexRun',
  workflowId: 'p/a',
  runId: 'first',
  startedAtMs: T0,
  closedAtMs: T0 + 5_000,
  end: 'completed',
  failureType: null,
  key: 'p/a',
  triggers: 1,
  started: ['run-1'],
  searches: 0,
  adopted: [],
  ...facts,
});

const run = (facts: Partial<LedgerRun>): LedgerRun => ({
  runId: 'run-1',
  projectId: 'sales',
  status: 'COMPLETED',
  alive: false,
  trigger: 'API',
  projectVersion: 1,
  inputParams: { chaos: 'p/a' },
  body: null,
  token: null,
  user: null,
  requestId: 1,
  fault: null,
  createdAt: at(1_000),
  startedAt: at(1_000),
  endedAt: at(3_000),
  cancelRequestedAt: null,
  cancelRequests: 0,
  ...facts,
});

const start = (id: number, ms: number) => ({ id, at: at(ms) }) as LedgerRequest;

/** A storm of one pipeline with one step, in which every promise was kept; and how it is doctored. */
function faults(doctored: {
  pipeline?: Partial<WorkflowFacts>;
  steps?: WorkflowFacts[];
  runs?: LedgerRun[];
  dates?: MeantDate[];
  waiting?: MeantDate[];
  capped?: Evidence['capped'];
}) {
  const { pipeline = {}, steps = [workflow({})], runs = [run({})], dates = [] } = doctored;
  const { waiting = [], capped = [] } = doctored;
  const evidence: Evidence = {
    pipelines: [{ workflowId: 'p', keys: ['p/a'] }],
    workflows: [
      workflow({ type: 'hexPipeline', workflowId: 'p', key: null, started: [], ...pipeline }),
      ...steps,
    ],
    ledger: {
      now: at(10_000),
      runs,
      requests: [start(1, 900), start(2, 1_400), start(3, 1_500)],
      counters: { requests: 3, unanswered: 0, statuses: {}, operations: {}, limits: {}, faults: {} },
    },
    dates,
    waiting,
    capped,
    graceMs: 1_500,
  };
  return check(evidence).violations.map(({ fault }) => fault);
}

describe('the check of a storm', () => {
  it('finds nothing where every promise was kept', () => {
    expect(faults({})).toEqual([]);
  });

  it('notices a blind retry: two runs of one attempt', () => {
    expect(faults({ runs: [run({}), run({ runId: 'run-2', requestId: 2 })] })).toEqual(['second run']);
  });

  it('tells a second run that was created after the grace apart', () => {
    const late = run({ runId: 'run-2', requestId: 2, createdAt: at(3_000), endedAt: at(4_000) });
    expect(faults({ runs: [run({}), late] })).toEqual(['late']);
  });

  it('takes a run for each attempt of a step as it should be', () => {
    const first = workflow({ end: 'failed', failureType: 'HexRunErrored', closedAtMs: T0 + 3_500 });
    const second = workflow({ runId: 'second', startedAtMs: T0 + 3_600, started: ['run-2'] });
    const runs = [
      run({ status: 'ERRORED' }),
      run({ runId: 'run-2', createdAt: at(3_700), endedAt: at(4_000) }),
    ];
    expect(faults({ steps: [first, second], runs })).toEqual([]);
  });

  it('notices a cancel that was never sent: a run that goes on after its workflow', () => {
    const cancelled = workflow({ end: 'cancelled' });
    const alive = run({ status: 'RUNNING', alive: true, endedAt: null });
    expect(faults({ pipeline: { end: 'cancelled' }, steps: [cancelled], runs: [alive] })).toEqual([
      'left behind',
    ]);
  });

  it('notices a run that outlived its workflow, even when it has ended since', () => {
    const failed = workflow({ end: 'failed', failureType: 'HexRunTimedOut', closedAtMs: T0 + 2_000 });
    expect(faults({ pipeline: { end: 'failed' }, steps: [failed] })).toEqual(['left behind']);
  });

  it('leaves the run of a terminated step to the janitor, but not for ever', () => {
    const terminated = workflow({ end: 'terminated', closedAtMs: T0 + 2_000 });
    const doctored = { pipeline: { end: 'failed' as const }, steps: [terminated] };
    expect(faults({ ...doctored, runs: [run({ status: 'KILLED' })] })).toEqual([]);
    expect(faults({ ...doctored, runs: [run({ alive: true, endedAt: null })] })).toEqual(['left behind']);
  });

  it('counts an ambiguous attempt apart: it says itself that it may have left a run', () => {
    const ambiguous = workflow({
      end: 'failed',
      failureType: 'HexTriggerAmbiguous',
      started: [],
      closedAtMs: T0 + 2_000,
    });
    expect(faults({ pipeline: { end: 'failed' }, steps: [ambiguous] })).toEqual([]);
  });

  it("notices an attempt that holds another step's run, or a stranger's", () => {
    const foreign = run({ runId: 'theirs', inputParams: null });
    expect(faults({ steps: [workflow({ adopted: ['theirs'] })], runs: [run({}), foreign] })).toEqual([
      'foreign run',
    ]);
  });

  it('notices workflows that are still open', () => {
    const open = { end: 'open', closedAtMs: null } as const;
    expect(faults({ pipeline: open, steps: [workflow(open)] })).toEqual(['stuck', 'stuck']);
  });

  it('notices a pipeline that the server does not know, and a run that nobody started', () => {
    expect(faults({ pipeline: { workflowId: 'another' } })).toEqual(['lost']);
    expect(faults({ pipeline: { end: 'failed' }, steps: [] })).toEqual(['no owner']);
  });

  it('notices a date of a schedule that has no run, unless a run before it may displace it', () => {
    const date = (overlap: MeantDate['overlap']): MeantDate => ({
      scheduledTime: at(0),
      overlap,
      workflowId: 'p',
      key: 'p/a',
      projectId: 'sales',
    });
    const ofDate = run({ inputParams: { chaos: 'p/a', date: at(0) } });
    expect(faults({ dates: [date('allow_all')], runs: [ofDate] })).toEqual([]);
    expect(faults({ dates: [date('allow_all')] })).toEqual(['lost date']);
    expect(faults({ dates: [date('skip')] })).toEqual([]);
    // Its schedule still waited for the run before when the storm was over: that is slow, not lost.
    const waiting = date('buffer_all');
    expect(faults({ dates: [waiting], waiting: [waiting] })).toEqual(['stuck']);
  });

  it('notices two runs of one date, even when two pipelines started one each', () => {
    const of = (key: string) => run({ runId: key, inputParams: { chaos: key, date: at(0) } });
    const steps = [workflow({}), workflow({ workflowId: 'q/a', key: 'q/a' })];
    expect(faults({ steps, runs: [of('p/a'), of('q/a')] })).toEqual(['date twice']);
  });

  it('notices more dates of a backfill at once than it may run, but not one after the other', () => {
    const date = (key: string): MeantDate => ({
      ...{ scheduledTime: at(0), overlap: 'allow_all', workflowId: 'p', key, projectId: 'sales' },
    });
    const of = (key: string, from: number, to: number) =>
      run({ runId: key, inputParams: { chaos: key }, createdAt: at(from), endedAt: at(to) });
    const steps = [workflow({}), workflow({ workflowId: 'q/a', key: 'q/a' })];
    const capped = [{ dates: [date('p/a'), date('q/a')], most: 1 }];
    const beside = [of('p/a', 100, 900), of('q/a', 500, 1_200)];
    expect(faults({ steps, capped, runs: beside })).toEqual(['too many']);
    expect(faults({ steps, capped, runs: [of('p/a', 100, 500), of('q/a', 500, 1_200)] })).toEqual([]);
  });

  it('notices a success without a completed run', () => {
    expect(faults({ runs: [run({ status: 'ERRORED' })] })).toEqual(['false success']);
    expect(faults({ steps: [workflow({ end: 'failed' })] })).toEqual(['false success']);
  });
});

it('the same seed plans the same storm, another seed another', () => {
  const plan = (seed: number) =>
    JSON.stringify(planStorm({ seed, pipelines: 20, schedules: 3, dates: 5, serverRestarts: 2, leaves: 1 }));
  expect(plan(7)).toBe(plan(7));
  expect(plan(8)).not.toBe(plan(7));
});
