import { deadlineInstant, type StartWatch } from '../../schedule/index.js';
import type { Subject } from './subject.js';

/** Starts whose deadline by the clock has passed before they began. Epoch ms. */
export interface Deadlines {
  /** Those whose deadline has passed since the last look, by their nominal time. */
  passed: number[];
  /** When the next one passes; infinite for none. */
  nextMs: number;
}

/** Once a pipeline runs it tells of its deadline itself; here are the starts that have not happened, but for those of a pause. */
export function deadlinesOf(
  { spec, schedule }: Pick<Subject, 'schedule'> & { spec: { deadlineAt: string | null } | null },
  { open, gaps }: Pick<StartWatch, 'open' | 'gaps'>,
  lookedMs: number,
  now: number,
): Deadlines {
  const clock = spec?.deadlineAt ?? null;
  if (clock === null || !schedule) return { passed: [], nextMs: Infinity };
  const paused = new Set(gaps.flatMap(({ kind, missing }) => (kind === 'paused' ? missing : [])));
  const starts = new Set([...open, ...gaps.flatMap(({ missing }) => missing)]);
  const due = [...starts]
    .filter((at) => !paused.has(at))
    .map((at) => ({ at, dueMs: deadlineInstant(clock, schedule.timezone, at) }));
  return {
    passed: due.filter(({ dueMs }) => dueMs > lookedMs && dueMs <= now).map(({ at }) => at),
    nextMs: Math.min(Infinity, ...due.flatMap(({ dueMs }) => (dueMs > now ? [dueMs] : []))),
  };
}
