import type { PipelineProgress, StepProgress } from '../../pipeline/execution/result.js';
import { isFinal } from '../../pipeline/execution/scheduler.js';
import type { ExpectedEnd } from '../../run/expected-end.js';
import type { Gantt, GanttBar, GanttForecast } from '../contract.js';
import { type Attempt, failureText, type PeopleWait, type Trail } from './trail.js';

/** Shorter waits are none that anybody would see. */
const SEEN_MS = 1_000;

/** When what was done: bars of each step, from its attempts and the times in which people were waited for. And what is expected. */
export function ganttOf(
  progress: Pick<PipelineProgress, 'steps' | 'startedAt' | 'endedAt' | 'expectedEnd'>,
  { attempts, waits }: Pick<Trail, 'attempts' | 'waits'>,
  startedMs: number,
): Gantt {
  const rows = progress.steps.flatMap((step) => {
    const mine = ({ key }: { key: string }) => key === step.id || key.startsWith(`${step.id}/`);
    const bars = barsOf(step, attempts.filter(mine), waits.filter(mine));
    const forecast = isFinal(step.status) ? null : forecastOf(step.expectedEnd, step.expectedStart);
    return bars.length > 0 || forecast ? [{ step: step.id, bars, forecast }] : [];
  });
  const { endedAt, expectedEnd } = progress;
  return {
    from: startedMs,
    to: endedAt === null ? null : Date.parse(endedAt),
    rows,
    forecast: endedAt === null ? forecastOf(expectedEnd) : null,
  };
}

/** As the chart has it; null where nothing is expected. */
export function forecastOf(expected: ExpectedEnd | null | undefined, start?: string): GanttForecast | null {
  if (!expected) return null;
  const from = start === undefined ? null : Date.parse(start);
  return { from, p50: Date.parse(expected.p50), p90: Date.parse(expected.p90) };
}

function barsOf(step: StepProgress, attempts: readonly Attempt[], waits: readonly PeopleWait[]): GanttBar[] {
  const bars: GanttBar[] = [];
  const keys = [...new Set([...attempts, ...waits].map(({ key }) => key))];
  for (const key of keys) {
    const mine = attempts.filter((one) => one.key === key);
    const asked = waits.filter((one) => one.key === key);
    for (const [index, attempt] of mine.entries()) {
      const last = mine[index - 1];
      const waited = asked.some(({ from }) => last?.to != null && from >= last.to && from <= attempt.from);
      if (last?.to != null && !waited && attempt.from - last.to >= SEEN_MS)
        bars.push(bar('retry', last.to, attempt.from, attempt, { text: `until attempt ${attempt.attempt}` }));
      bars.push(...attemptBars(step, attempt));
    }
    const newest = mine.at(-1);
    if (step.status === 'retrying' && newest?.outcome === 'failed' && newest.to !== null)
      bars.push(bar('retry', newest.to, null, newest, { text: step.waitingFor ?? null }));
    for (const { from, to, what } of asked) {
      const text = what === 'approval' ? 'waits for approval' : 'waits for a decision';
      bars.push(
        bar('people', from, to, { key, attempt: newest?.attempt ?? 1 }, { text: step.reason ?? text }),
      );
    }
  }
  // What is done by neither child nor activity, such as a wait for a workflow, is known from the step alone.
  if (bars.length === 0 && step.startedAt !== null && step.status !== 'queued')
    bars.push({
      ...bar(
        'work',
        Date.parse(step.startedAt),
        endOf(step),
        { key: step.id, attempt: Math.max(1, step.attempts) },
        {},
      ),
      outcome: outcomeOf(step),
      text: step.waitingFor ?? step.reason ?? null,
    });
  const first = Math.min(...bars.map(({ from }) => from));
  const begun = step.startedAt === null ? null : Date.parse(step.startedAt);
  if (begun !== null && first - begun >= SEEN_MS)
    bars.unshift(
      bar('queued', begun, Number.isFinite(first) ? first : endOf(step), { key: step.id, attempt: 1 }, {}),
    );
  return bars.sort((a, b) => a.from - b.from);
}

/** In line until its run in Hex began, then in Hex. */
function attemptBars(step: StepProgress, attempt: Attempt): GanttBar[] {
  const { from, to, outcome, ranAt, runId, waited } = attempt;
  const text = failureText(attempt.failure) ?? runId;
  if (step.kind !== 'hex')
    return [bar('work', from, to, attempt, { outcome, text: failureText(attempt.failure) })];
  if (ranAt === null) {
    const kind = to === null || waited ? 'line' : 'hex';
    return [
      bar(kind, from, to, attempt, {
        outcome,
        text: text ?? (to === null ? (step.waitingFor ?? null) : null),
      }),
    ];
  }
  if (!waited && ranAt - from < SEEN_MS) return [bar('hex', from, to, attempt, { outcome, text })];
  return [bar('line', from, ranAt, attempt, {}), bar('hex', ranAt, to, attempt, { outcome, text })];
}

function bar(
  kind: GanttBar['kind'],
  from: number,
  to: number | null,
  { key, attempt }: Pick<Attempt, 'key' | 'attempt'>,
  { outcome = null, text = null }: Partial<Pick<GanttBar, 'outcome' | 'text'>>,
): GanttBar {
  const index = key.lastIndexOf('/');
  return { kind, from, to, attempt, item: index < 0 ? null : Number(key.slice(index + 1)), outcome, text };
}

const endOf = ({ endedAt }: StepProgress) => (endedAt === null ? null : Date.parse(endedAt));

function outcomeOf({ status }: StepProgress): GanttBar['outcome'] {
  if (!isFinal(status)) return null;
  if (status === 'failed' || status === 'cancelled') return status;
  return 'success';
}
