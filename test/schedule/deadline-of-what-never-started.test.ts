import { expect, it } from 'vitest';
import { deadlinesOf } from '../../src/activities/keeper/deadlines.js';
import type { Gap, MissedKind } from '../../src/schedule/index.js';
import { schedule } from '../support/schedules.js';

const DAILY = schedule('30 2 * * *', 'Europe/Berlin');
const SUBJECT = { spec: { deadlineAt: '07:00' }, schedule: DAILY };
/** 02:30 in Berlin on 1 February; the deadline is 06:00 UTC. */
const START = Date.parse('2026-02-01T01:30:00Z');
const DUE = Date.parse('2026-02-01T06:00:00Z');

const gap = (kind: MissedKind, ...missing: number[]): Gap => ({
  ...{ kind, missing, first: START, last: START, count: 1, goesOn: true, sinceMs: START },
});

it('a start that has not happened is told when its deadline has passed, once', () => {
  const missed = { open: [], gaps: [gap('overlap', START)] };
  expect(deadlinesOf(SUBJECT, missed, START, DUE - 1)).toEqual({ passed: [], nextMs: DUE });
  expect(deadlinesOf(SUBJECT, missed, DUE - 1, DUE)).toEqual({ passed: [START], nextMs: Infinity });
  expect(deadlinesOf(SUBJECT, missed, DUE, DUE + 60_000).passed).toEqual([]);
});

it('one that is late and waits for a worker counts, in a gap or not yet', () => {
  const late = { open: [START], gaps: [gap('untaken', START)] };
  expect(deadlinesOf(SUBJECT, late, START, DUE).passed).toEqual([START]);
  expect(deadlinesOf(SUBJECT, { open: [START], gaps: [] }, START, DUE).passed).toEqual([START]);
});

it('after an outage of the keeper it is told in its first look', () => {
  const missed = { open: [], gaps: [gap('catchup', START)] };
  expect(deadlinesOf(SUBJECT, missed, START - 1, DUE + 86_400_000).passed).toEqual([START]);
});

it('a pause by a person and a pipeline without a deadline by the clock tell nothing', () => {
  expect(deadlinesOf(SUBJECT, { open: [], gaps: [gap('paused', START)] }, START, DUE).passed).toEqual([]);
  const without = { ...SUBJECT, spec: { deadlineAt: null } };
  expect(deadlinesOf(without, { open: [START], gaps: [] }, START, DUE).passed).toEqual([]);
});
