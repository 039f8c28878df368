import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { parsePipelineInput } from '../../src/pipeline/boundary.js';
import type { PipelineProgress } from '../../src/pipeline/execution/result.js';
import { deadlineInstant } from '../../src/schedule/index.js';
import { FAST, harness, until } from '../support/harness.js';
import { webhookReceiver } from '../support/webhook.js';

const due = (clock: string, zone: string, nominal: string) =>
  new Date(deadlineInstant(clock, zone, Date.parse(nominal))).toISOString().slice(0, 16);

describe('a deadline by the clock', () => {
  it.each([
    ['07:00', 'Europe/Berlin', '2026-02-01T01:30Z', '2026-02-01T06:00'],
    ['07:00', 'Europe/Berlin', '2026-02-01T06:00Z', '2026-02-02T06:00'],
    ['07:00', 'Europe/Berlin', '2026-02-01T22:30Z', '2026-02-02T06:00'],
    ['00:00', 'UTC', '2026-02-01T00:00Z', '2026-02-02T00:00'],
  ])('%s in %s after %s is the next such time: %s', (clock, zone, nominal, expected) => {
    expect(due(clock, zone, nominal)).toBe(expected);
  });

  it.each([
    ['02:30', 'Europe/Berlin', '2026-03-28T23:30Z', '2026-03-29T01:00'],
    ['02:15', 'America/New_York', '2026-03-08T05:00Z', '2026-03-08T07:00'],
    ['00:00', 'America/Santiago', '2026-09-05T12:00Z', '2026-09-06T04:00'],
    ['02:15', 'Australia/Lord_Howe', '2026-10-03T12:00Z', '2026-10-03T15:30'],
  ])(
    '%s in %s, inside the gap after %s, is the first instant that exists',
    (clock, zone, nominal, expected) => {
      expect(due(clock, zone, nominal)).toBe(expected);
    },
  );

  it.each([
    ['02:30', 'Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T01:30'],
    ['01:30', 'America/New_York', '2026-11-01T04:00Z', '2026-11-01T06:30'],
    ['01:45', 'Australia/Lord_Howe', '2026-04-04T12:00Z', '2026-04-04T15:15'],
  ])('%s in %s, inside the overlap after %s, is the second copy', (clock, zone, nominal, expected) => {
    expect(due(clock, zone, nominal)).toBe(expected);
  });

  it('is what another library says, for every seventh hour of two years', () => {
    const [zone, clock] = ['Europe/London', '06:45'];
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2028, 0, 1); at += 7 * 3_600_000) {
      const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
      const today = local.withPlainTime(clock);
      const next = today.epochMilliseconds > at ? today : today.add({ days: 1 }).withPlainTime(clock);
      expect(deadlineInstant(clock, zone, at)).toBe(next.epochMilliseconds);
    }
  });
});

const gate = { id: 'gate', approval: { prompt: 'Go?' } };
const PAST = { scheduledTime: '2026-02-01T01:30:00Z', timezone: 'Europe/Berlin' };

/** A pipeline with all of its deadline notifications, and what it was told. */
async function watched() {
  const hook = await webhookReceiver();
  const rig = await harness({ env: { HEX_NOTIFY_OPS_URL: hook.url } });
  const of = (subject: string | null) =>
    hook.received(({ body }) => body.event === 'deadline' && body.step === subject);
  return { rig, hook, of };
}

it('a pipeline and steps that have not ended at their time of day are told of, with the owner', async () => {
  const { rig, hook, of } = await watched();
  const handle = await rig.hex.startPipeline({
    pipeline: {
      name: 'nightly',
      owner: 'data-team',
      deadline: '07:00',
      notify: [{ to: 'ops', on: ['deadline'] }],
      steps: [
        { ...gate, deadline: '06:30' },
        { projectId: 'sales', ...FAST, deadline: '06:45' },
      ],
    },
    ...PAST,
  });
  expect((await of(null)).body).toMatchObject({
    text: 'Pipeline "nightly" still runs at 07:00 (Europe/Berlin), at: gate (waits for approval: Go?)',
    owner: 'data-team',
  });
  expect((await of('gate')).body.text).toBe('Step "gate" has not ended at 06:30 (Europe/Berlin)');
  expect((await of('sales')).body.text).toBe('Step "sales" has not started at 06:45 (Europe/Berlin)');
  await rig.hex.control(handle.workflowId, 'approve', { step: 'gate', by: 'ada' });
  await handle.result();
  expect(hook.notifications()).toHaveLength(3);
});

it('a step that takes longer than its deadline is told of, counted from its own start', async () => {
  const { rig, of } = await watched();
  const on = { notify: [{ to: 'ops', on: ['deadline' as const] }] };
  const handle = await rig.hex.startPipeline({
    name: 'slow',
    steps: [
      { id: 'first', approval: { prompt: 'Go?' } },
      { id: 'second', approval: { prompt: 'Go on?' }, deadline: '300ms', ...on },
    ],
  });
  // An approval has a timer too, of a year.
  const timers = async () =>
    (await handle.fetchHistory()).events?.filter(
      ({ timerStartedEventAttributes: timer }) => timer && Number(timer.startToFireTimeout?.seconds) === 0,
    ).length;
  await until('the first step waits', async () => {
    const { steps } = (await rig.hex.progress(handle.workflowId)) as PipelineProgress;
    return steps[0]?.status === 'approval';
  });
  expect(await timers()).toBe(0);
  await rig.hex.control(handle.workflowId, 'approve', { step: 'first', by: 'ada' });
  expect((await of('second')).body.text).toBe('Step "second" has not ended after 300ms');
  expect(await timers()).toBe(1);
  await handle.cancel();
});

it('one that ends in time is not told of, nor a rerun or a backfill of a day that is long past', async () => {
  const { rig, hook } = await watched();
  const pipeline = {
    name: 'in-time',
    deadline: '07:00',
    timezone: 'Europe/Berlin',
    notify: [{ to: 'ops', on: ['deadline' as const] }],
    steps: [{ projectId: 'sales', ...FAST, deadline: '06:30' }],
  };
  const handle = await rig.hex.startPipeline(pipeline);
  await handle.result();
  const { events } = await handle.fetchHistory();
  const started = Number(events?.[0]?.eventTime?.seconds) * 1_000;
  const timers = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
    timer ? [Number(timer.startToFireTimeout?.seconds) * 1_000] : [],
  );
  for (const [index, clock] of ['07:00', '06:30'].entries()) {
    const expected = deadlineInstant(clock, 'Europe/Berlin', started) - started;
    expect(Math.abs((timers[index] ?? 0) - expected)).toBeLessThan(5_000);
  }
  const backfill = await rig.hex.startPipeline({
    pipeline,
    scheduledTime: PAST.scheduledTime,
    trigger: 'backfill',
  });
  await backfill.result();
  expect(hook.notifications()).toEqual([]);
});

it.each([
  ['7:00', '"7:00" is not a time of day: write "07:00"'],
  ['24:00', '"24:00" is not a time of day: write from "00:00" to "23:59", such as "07:00"'],
  ['07:00 Europe/Berlin', 'is not a time of day'],
  ['soon', '"soon" is not a duration'],
  ['90', '"90" has no unit'],
  [true, 'must be a duration such as "2h", or a time of day such as "07:00"'],
])('the deadline %j is refused with its path, of a pipeline and of a step', (deadline, message) => {
  const parsed = parsePipelineInput({ deadline, steps: [{ projectId: 'sales', deadline }] });
  const problems = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  expect(problems).toEqual([
    expect.stringMatching(/^deadline: /),
    expect.stringContaining('steps[0].deadline: '),
  ]);
  for (const problem of problems) expect(problem).toContain(message);
});
