import type { Ledger, LedgerRun } from '../src/sandbox/index.js';
import { datesWithoutRun, type MeantDate, runsOfOneDate } from './dates.js';
import type { WorkflowFacts } from './histories.js';

/** What the check goes by: Hex's own books and the server's histories, and what was asked for. */
export interface Evidence {
  /** Workflow ids of the pipelines that were started, each with the keys of its steps. */
  pipelines: { workflowId: string; keys: string[] }[];
  workflows: WorkflowFacts[];
  ledger: Ledger;
  /** What the schedules of the storm meant to start. */
  dates: readonly MeantDate[];
  /** Those of them that their schedules had not come to when the storm stopped waiting for them. */
  waiting?: readonly MeantDate[];
  /** Dates of which at most so many may run at once. */
  capped?: readonly { dates: readonly MeantDate[]; most: number }[];
  /** How long after its request a start is still waited for, ms. */
  graceMs: number;
}

/** Ways to break the promise. */
export type BrokenPromise =
  /** The server does not know a pipeline that was started. */
  | 'lost'
  /** Open, or not begun, when everything should have ended. */
  | 'stuck'
  /** Two Hex runs by one attempt of a step. */
  | 'second run'
  /** The same, where the other was created after the grace. */
  | 'late'
  /** An attempt took over a run that is not its own. */
  | 'foreign run'
  /** A run that was alive after its workflow had closed. */
  | 'left behind'
  /** A run that no workflow can have started. */
  | 'no owner'
  /** A success without a completed run in Hex. */
  | 'false success'
  /** A date of a schedule that no run in Hex is of. */
  | 'lost date'
  /** A date of a schedule that several runs in Hex are of. */
  | 'date twice'
  /** More dates of a backfill at once than it may run. */
  | 'too many';

export interface Violation {
  fault: BrokenPromise;
  workflowId: string;
  /** `<pipeline>/<step>`. */
  step: string | null;
  runIds: string[];
  words: string;
}

/** One attempt of a step: a `hexRun`, and the Hex runs created in its time. */
export interface Attempt {
  workflow: WorkflowFacts;
  runs: LedgerRun[];
}

export interface Findings {
  attempts: Attempt[];
  violations: Violation[];
  /** Attempts that could not tell their run among several, and say so. */
  ambiguous: Attempt[];
  /** Runs of terminated steps that went on afterwards: a janitor's business. */
  strays: LedgerRun[];
}

/** Looks for every broken promise. Pure: the same evidence gives the same findings. */
export function check(evidence: Evidence): Findings {
  const { workflows, ledger } = evidence;
  const { attempts, unowned } = attemptsOf(workflows, ledger);
  const isTerminated = ({ workflow }: Attempt) => workflow.end === 'terminated';
  const isAmbiguous = ({ workflow }: Attempt) => workflow.failureType === 'HexTriggerAmbiguous';
  const ambiguous = attempts.filter(isAmbiguous);
  const strays = attempts.filter(isTerminated).flatMap(({ workflow, runs }) => outliving(workflow, runs));
  const violations = [
    ...lostPipelines(evidence),
    ...workflows
      .filter(({ end }) => end === 'open')
      .map((workflow) => found('stuck', workflow, [], 'is still open')),
    ...(evidence.waiting ?? []).map((date) => found('stuck', date, [], 'had not begun: its schedule waited')),
    ...attempts.flatMap((attempt) => secondRuns(attempt, evidence)),
    ...attempts.flatMap((attempt) => foreignRuns(attempt, ledger)),
    ...attempts.filter((attempt) => !isTerminated(attempt) && !isAmbiguous(attempt)).flatMap(leftBehind),
    ...strays.filter(({ alive }) => alive).map(strayAlive),
    ...unowned.map(noOwner),
    ...falseSuccesses(evidence, attempts),
    ...wrongDates(evidence, new Set(ambiguous.map(({ workflow }) => workflow.key))),
    ...tooManyAtOnce(evidence),
  ];
  return { attempts, violations, ambiguous, strays };
}

/** The step whose run this is; null for a run that was not started for a step. */
export function keyOf({ inputParams }: LedgerRun): string | null {
  return typeof inputParams?.chaos === 'string' ? inputParams.chaos : null;
}

/** Attempts of one step follow each other, so a run belongs to the last that had begun when it was created. */
function attemptsOf(workflows: readonly WorkflowFacts[], { runs }: Ledger) {
  const attempts: Attempt[] = workflows
    .filter(({ key }) => key !== null)
    .sort((a, b) => a.startedAtMs - b.startedAtMs)
    .map((workflow) => ({ workflow, runs: [] }));
  const byKey = new Map<string | null, Attempt[]>();
  for (const attempt of attempts) {
    const { key } = attempt.workflow;
    byKey.set(key, [...(byKey.get(key) ?? []), attempt]);
  }
  const unowned: LedgerRun[] = [];
  for (const run of runs) {
    const key = keyOf(run);
    if (key === null) continue;
    const owner = byKey
      .get(key)
      ?.findLast(({ workflow }) => workflow.startedAtMs <= Date.parse(run.createdAt) + 1);
    if (owner) owner.runs.push(run);
    else unowned.push(run);
  }
  return { attempts, unowned };
}

function found(
  fault: BrokenPromise,
  { workflowId, key }: Pick<WorkflowFacts, 'workflowId' | 'key'>,
  runs: readonly LedgerRun[],
  words: string,
): Violation {
  return { fault, workflowId, step: key, runIds: runs.map(({ runId }) => runId), words };
}

function lostPipelines({ pipelines, workflows, waiting = [] }: Evidence): Violation[] {
  const known = new Set([...workflows, ...waiting].map(({ workflowId }) => workflowId));
  return pipelines
    .filter(({ workflowId }) => !known.has(workflowId))
    .map(({ workflowId }) => found('lost', { workflowId, key: null }, [], 'is unknown to the server'));
}

function secondRuns({ workflow, runs }: Attempt, { ledger, graceMs }: Evidence): Violation[] {
  if (runs.length < 2) return [];
  const askedAt = new Map(ledger.requests.map(({ id, at }) => [id, Date.parse(at)]));
  const isLate = ({ requestId, createdAt }: LedgerRun) =>
    Date.parse(createdAt) - (askedAt.get(requestId ?? -1) ?? Number.POSITIVE_INFINITY) > graceMs;
  return [found(runs.some(isLate) ? 'late' : 'second run', workflow, runs, `started ${runs.length} runs`)];
}

function foreignRuns({ workflow }: Attempt, ledger: Ledger): Violation[] {
  const owned = [...workflow.started, ...workflow.adopted];
  const foreign = ledger.runs.filter((run) => owned.includes(run.runId) && keyOf(run) !== workflow.key);
  if (foreign.length === 0) return [];
  return [found('foreign run', workflow, foreign, `holds the run of ${foreign.map(keyOf).join(', ')}`)];
}

function outliving({ closedAtMs }: WorkflowFacts, runs: readonly LedgerRun[]): LedgerRun[] {
  if (closedAtMs === null) return [];
  return runs.filter(({ endedAt }) => endedAt === null || Date.parse(endedAt) > closedAtMs);
}

function leftBehind({ workflow, runs }: Attempt): Violation[] {
  const left = outliving(workflow, runs);
  if (left.length === 0) return [];
  return [
    found(
      'left behind',
      workflow,
      left,
      `${closing(workflow)} before its run had ended${left.map(lifeOf).join('')}`,
    ),
  ];
}

/** What to look for in the history of the workflow. */
function closing({ end, failureType, startedAtMs, closedAtMs }: WorkflowFacts): string {
  const how = failureType ? `${end}, ${failureType}` : end;
  return `began at ${timeOf(startedAtMs)} and closed at ${closedAtMs === null ? 'no time' : timeOf(closedAtMs)} (${how})`;
}

function lifeOf({ status, createdAt, endedAt }: LedgerRun): string {
  return ` (${status}, created at ${createdAt}, ended at ${endedAt ?? 'no time'})`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function strayAlive(run: LedgerRun): Violation {
  const key = keyOf(run);
  return found('left behind', { workflowId: key ?? '', key }, [run], 'was terminated, and no janitor came');
}

function noOwner(run: LedgerRun): Violation {
  const key = keyOf(run);
  return found('no owner', { workflowId: key ?? '', key }, [run], 'was not open when the run was created');
}

function falseSuccesses({ pipelines, workflows }: Evidence, attempts: readonly Attempt[]): Violation[] {
  const good = new Set<string | null>();
  const violations: Violation[] = [];
  for (const { workflow, runs } of attempts) {
    if (workflow.end !== 'completed') continue;
    good.add(workflow.key);
    if (!runs.some(({ status }) => status === 'COMPLETED'))
      violations.push(found('false success', workflow, runs, 'completed without a completed run'));
  }
  const ends = new Map(workflows.map(({ workflowId, end }) => [workflowId, end]));
  for (const { workflowId, keys } of pipelines) {
    const missing = keys.filter((key) => !good.has(key));
    if (ends.get(workflowId) === 'completed' && missing.length > 0)
      violations.push(
        found('false success', { workflowId, key: null }, [], `completed without ${missing.join(', ')}`),
      );
  }
  return violations;
}

/** A pipeline that says itself that it may have no run is for a person. */
function wrongDates(
  { dates, ledger, waiting = [] }: Evidence,
  ambiguous: ReadonlySet<string | null>,
): Violation[] {
  const told = new Set([...ambiguous, ...waiting.map(({ key }) => key)]);
  return [
    ...datesWithoutRun(dates, ledger.runs)
      .filter(({ key }) => !told.has(key))
      .map((date) => found('lost date', date, [], `has no run in Hex of ${date.scheduledTime}`)),
    ...runsOfOneDate(ledger.runs)
      .filter(([run]) => !ambiguous.has(run ? keyOf(run) : null))
      .map((runs) => {
        const [{ projectId, inputParams } = {}] = runs;
        const date = { workflowId: keyOf(runs[0] as LedgerRun) ?? '', key: null };
        return found(
          'date twice',
          date,
          runs,
          `${projectId} ran ${runs.length} times for ${inputParams?.date}`,
        );
      }),
  ];
}

function tooManyAtOnce({ capped = [], ledger }: Evidence): Violation[] {
  return capped.flatMap(({ dates, most }) => {
    const keys = new Set<string | null>(dates.map(({ key }) => key));
    const runs = ledger.runs.filter((run) => keys.has(keyOf(run)));
    const alive = (at: string) =>
      runs.filter(({ createdAt, endedAt }) => createdAt <= at && (endedAt === null || endedAt > at));
    const [worst = []] = runs.map(({ createdAt }) => alive(createdAt)).sort((a, b) => b.length - a.length);
    const workflowId = dates[0]?.workflowId ?? '';
    if (worst.length <= most) return [];
    return [
      found(
        'too many',
        { workflowId, key: null },
        worst,
        `${worst.length} at once, and ${most} were allowed`,
      ),
    ];
  });
}
