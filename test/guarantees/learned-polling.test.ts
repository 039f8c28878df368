import { randomUUID } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { RunRead } from '../../src/activities/get-run-status.js';
import type { PipelineProgress } from '../../src/pipeline/execution/result.js';
import type { HexRunInput } from '../../src/run/input.js';
import { testConsole } from '../support/console.js';
import { failureOf, type Harness, harness, until } from '../support/harness.js';
import { type Receiver, webhookReceiver } from '../support/webhook.js';

/** A minute takes 400 ms. */
const FACTOR = 150;
const MINUTE = 60_000;
const RUN_MS = 10 * MINUTE;
/** The default poll settings at that speed, less those that tests need. */
const POLL = { min: '20ms', factor: 0.1 } as const;

let rig: Harness;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await webhookReceiver(undefined, afterAll);
  rig = await harness({
    atEnd: afterAll,
    sandbox: { clockFactor: FACTOR, duration: RUN_MS },
    env: {
      ...{ HEX_LIMITS: 'on', HEX_CLOCK_FACTOR: String(FACTOR) },
      ...{ HEX_READS_PER_MINUTE: '600', HEX_READS_PER_HOUR: 'none' },
      HEX_NOTIFY_OPS_URL: receiver.url,
    },
  });
  // A new limiter looks through the runs of the first project that it gives a permit for.
  rig.sandbox.script({ match: { projectId: 'warm-up' }, duration: 0 });
  await (await rig.hex.startRun({ projectId: 'warm-up', poll: POLL })).result();
});

/** A project that Hex knows twenty runs of, each of about the same length. */
function projectWithPast(runMs = RUN_MS): string {
  const projectId = `known-${randomUUID()}`;
  rig.sandbox.seed(
    Array.from({ length: 20 }, (_, n) => ({
      projectId,
      trigger: 'API' as const,
      ago: (20 - n) * 60 * MINUTE,
      duration: { running: runMs * (0.95 + n / 200) },
    })),
  );
  return projectId;
}

/** What a run has read, all that it asked of Hex, and how long each timer was that it waited for. */
async function readsOf(
  input: HexRunInput,
): Promise<{ reads: RunRead[]; requests: string[]; waitedMs: number[] }> {
  const handle = await rig.hex.startRun(input);
  expect(await handle.result()).toMatchObject({ success: true, status: 'COMPLETED' });
  const history = await rig.temporal.workflow.getHandle(handle.workflowId).fetchHistory();
  const { events = [] } = JSON.parse(historyToJSON(history));
  const polls = new Set<string>();
  const reads: RunRead[] = [];
  const timers = new Map<string, number>();
  const waitedMs: number[] = [];
  for (const event of events) {
    const timer = event.timerStartedEventAttributes;
    if (timer) timers.set(timer.timerId, 1_000 * Number.parseFloat(timer.startToFireTimeout));
    const fired = event.timerFiredEventAttributes;
    if (fired) waitedMs.push(timers.get(fired.timerId) ?? Number.NaN);
    if (event.activityTaskScheduledEventAttributes?.activityType.name === 'pollRun') polls.add(event.eventId);
    const done = event.activityTaskCompletedEventAttributes;
    if (polls.has(done?.scheduledEventId))
      reads.push(JSON.parse(Buffer.from(done.result.payloads[0].data, 'base64').toString()));
  }
  const { requests } = rig.sandbox.ledger();
  const ofProject = requests.filter(({ projectId }) => projectId === input.projectId);
  return { reads, requests: ofProject.map(({ operation }) => operation ?? ''), waitedMs };
}

it('a run of a project with a past is read when an end is likely; one list tells of both, so no read is added', async () => {
  const projectId = projectWithPast();
  // It goes on for longer than all before it, so that it is read at its likely end also by a busy machine.
  rig.sandbox.script({ match: { projectId }, duration: 1.2 * RUN_MS });
  const { reads, requests } = await readsOf({ projectId, poll: POLL });
  expect(requests.filter((operation) => operation === 'listProjectRuns')).toHaveLength(1);
  expect(requests.filter((operation) => /getRunStatus|listProjectRuns/.test(operation))).toHaveLength(
    reads.length,
  );
  const waits = reads.flatMap(({ hint }) => hint?.nextMs ?? []);
  // In the middle of the run a wait is far longer than where its end is likely.
  expect(Math.max(...waits)).toBeGreaterThan(5 * Math.min(...waits));
  for (const { hint } of reads.slice(1, -1)) expect(JSON.stringify(hint).length).toBeLessThan(80);
});

it('with learn: false the same run is read by its age alone, and no list is read', async () => {
  const projectId = projectWithPast();
  const { reads, requests } = await readsOf({ projectId, poll: { ...POLL, learn: false } });
  expect(requests).not.toContain('listProjectRuns');
  expect(reads.every(({ hint }) => hint === undefined)).toBe(true);
});

it('poll.max holds for what was learned', async () => {
  const projectId = projectWithPast();
  const { reads, waitedMs } = await readsOf({ projectId, poll: { ...POLL, max: '300ms' } });
  expect(reads.some(({ hint }) => (hint?.nextMs ?? 0) > 300)).toBe(true);
  expect(Math.max(...waitedMs)).toBe(300);
});

it('a run and a pipeline say when they are expected to end, and who asked for it is told of a deadline at risk', async () => {
  const [first, second] = [projectWithPast(), projectWithPast()];
  // The worker learns of the second step's project.
  await readsOf({ projectId: second, poll: POLL });
  const handle = await rig.hex.startPipeline({
    name: 'foreseen',
    deadline: '6s',
    notify: [{ to: 'ops', on: ['at_risk', 'deadline'] }],
    steps: [
      { id: 'first', projectId: first, poll: POLL },
      { id: 'second', projectId: second, poll: POLL },
    ],
  });
  const told = await receiver.received(({ body }) => body.event === 'at_risk');
  expect(told.body.text).toMatch(
    /^Pipeline "foreseen" will probably miss its deadline after 6\.0s: expected to end about \d\d:\d\d UTC, by \d\d:\d\d$/,
  );
  const progress = (await rig.hex.progress(handle.workflowId)) as PipelineProgress;
  const leftMs = (iso = '') => Date.parse(iso) - Date.parse(progress.startedAt);
  // Two runs of 4 s.
  expect(leftMs(progress.expectedEnd?.p50)).toBeGreaterThan(7_000);
  expect(leftMs(progress.expectedEnd?.p50)).toBeLessThan(12_000);
  expect(leftMs(progress.expectedEnd?.p90)).toBeGreaterThan(leftMs(progress.expectedEnd?.p50));
  expect(leftMs(progress.steps[0]?.expectedEnd?.p50)).toBeLessThan(7_000);
  const run = await rig.hex.progress(`${handle.workflowId}/first`);
  expect(run).toMatchObject({ expectedEnd: { p50: expect.any(String), p90: expect.any(String) } });
  const web = await testConsole(rig.temporal, rig.taskQueue, onTestFinished);
  const page = await web.get('/api/run', { workflowId: handle.workflowId });
  const sinceStart = (ms = 0) => ms - page.gantt.from;
  expect(page.gantt.forecast?.p50).toBe(Date.parse(page.expectedEnd?.p50 ?? ''));
  expect(sinceStart(page.gantt.forecast?.p50)).toBeGreaterThan(7_000);
  expect(sinceStart(page.gantt.forecast?.p90)).toBeGreaterThan(sinceStart(page.gantt.forecast?.p50));
  expect(sinceStart(page.gantt.rows[0]?.forecast?.p50)).toBeLessThan(7_000);
  // The second has not begun: it is expected to when the first has ended, and to end with the whole.
  const [begun, coming] = page.gantt.rows;
  expect([begun?.forecast?.from, coming?.step, coming?.bars]).toEqual([null, 'second', []]);
  expect(coming?.forecast).toMatchObject({ p50: page.gantt.forecast?.p50, p90: page.gantt.forecast?.p90 });
  expect(coming?.forecast?.from).toBeGreaterThanOrEqual(begun?.forecast?.p50 ?? Number.NaN);
  expect(coming?.forecast?.from).toBeLessThan(coming?.forecast?.p50 ?? 0);
  await handle.cancel();
  await handle.result().catch(() => undefined);
  await until('nothing more is expected', async () => {
    const { expectedEnd, gantt } = await web.get('/api/run', { workflowId: handle.workflowId });
    return expectedEnd === null && gantt.forecast === null;
  });
  expect(receiver.notifications().map(({ event }) => event)).toEqual(['at_risk']);
});

it('what one of many steps with deadlines tells times no other anew', async () => {
  const steps = Array.from({ length: 12 }, (_, index) => ({
    id: `s${index}`,
    projectId: projectWithPast(),
    poll: POLL,
    dependsOn: [],
    deadline: '1h',
  }));
  const notify = [{ to: 'ops', on: ['at_risk' as const] }];
  const handle = await rig.hex.startPipeline({ name: 'many', notify, steps });
  await handle.result();
  const { events = [] } = await handle.fetchHistory();
  const timers = events?.filter((event) => event.timerStartedEventAttributes) ?? [];
  // Each looks at its deadline by the clock, and is timed once it is known when it is expected to end.
  expect(timers.length).toBeGreaterThan(steps.length);
  expect(timers.length).toBeLessThan(4 * steps.length);
});

it('with timeout: auto a run that hangs is cancelled after twice the time of earlier ones, 10 min at least', async () => {
  const projectId = projectWithPast(MINUTE);
  rig.sandbox.script({ match: { projectId }, duration: 'forever' });
  const { workflowId } = await rig.hex.startRun({ projectId, timeout: 'auto', poll: POLL });
  const failure = await failureOf(rig.hex.result(workflowId));
  expect(failure.type).toBe('HexRunTimedOut');
  expect(failure.message).toContain(
    'did not end within 4.0s, which "timeout: auto" allows by what earlier runs took, and was cancelled',
  );
  const [run] = rig.sandbox
    .ledger()
    .runs.filter((each) => each.projectId === projectId && each.requestId !== null);
  expect(run).toMatchObject({ status: 'KILLED' });
});

it('a project without a past is read as before', async () => {
  const projectId = `new-${randomUUID()}`;
  rig.sandbox.script({ match: { projectId }, duration: MINUTE });
  const { reads } = await readsOf({ projectId, poll: { ...POLL, max: '600ms' }, timeout: 'auto' });
  expect(reads.every(({ hint }) => hint === undefined)).toBe(true);
});
