import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePipelineInput } from '../../src/pipeline/boundary.js';
import { TRIGGER_RULES } from '../../src/pipeline/definition/trigger-rules.js';
import {
  isFinal,
  nextMoves,
  outcomeOf,
  reopened,
  type StepStatus,
} from '../../src/pipeline/execution/scheduler.js';
import { type Plan, planOf } from '../../src/pipeline/plan/plan.js';
import { planMermaid, planText } from '../../src/pipeline/preview/render-plan.js';
import { planRaw } from '../support/plan.js';

const step = fc.record({
  /** Which earlier steps it waits for, as a share of those there are. */
  after: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 3 }),
  triggerRule: fc.constantFrom(...TRIGGER_RULES),
  onFailure: fc.constantFrom('stop', 'continue'),
  /** How it ends when it runs. */
  ends: fc.constantFrom('success', 'success', 'failed', 'skipped' as const),
});

type Drawn = {
  after: number[];
  triggerRule: string;
  onFailure: string;
  ends: 'success' | 'failed' | 'skipped';
};

function layOut(drawn: Drawn[]): Plan {
  const steps = drawn.map(({ after, triggerRule, onFailure }, index) => ({
    id: `s${index}`,
    projectId: 'p',
    dependsOn: [...new Set(after.map((share) => `s${Math.floor(share * index)}`))].filter(
      (id) => id !== `s${index}`,
    ),
    triggerRule,
    onFailure,
  }));
  const parsed = parsePipelineInput({ steps });
  if (!parsed.ok || !parsed.value.spec) throw new Error(JSON.stringify(parsed));
  return planOf(parsed.value.spec);
}

/** Plays a pipeline through, ending running steps in a drawn order. */
function play(plan: Plan, drawn: Drawn[], pick: (n: number) => number) {
  const states = new Map<string, StepStatus>(
    plan.order.map(({ id }) => [id, { state: 'waiting', stopped: false }]),
  );
  const statusOf = (id: string) => states.get(id) ?? { state: 'waiting' as const, stopped: false };
  const running: string[] = [];
  const started: string[] = [];
  let stoppedBy: string | null = null;
  for (let turns = 0; turns < 1_000; turns++) {
    for (const move of nextMoves(plan, { statusOf, stoppedBy, paused: false })) {
      states.set(move.id, { state: move.to === 'start' ? 'running' : move.to, stopped: move.stopped });
      if (move.to !== 'start') continue;
      running.push(move.id);
      started.push(move.id);
    }
    if (running.length === 0) break;
    const [id = ''] = running.splice(pick(running.length), 1);
    const { ends = 'success' } = drawn[Number(id.slice(1))] ?? {};
    states.set(id, { state: ends, stopped: false });
    if (ends === 'failed' && plan.byId.get(id)?.onFailure === 'stop') stoppedBy ??= id;
  }
  return { states, statusOf, started };
}

describe('the scheduler', () => {
  it('brings every pipeline to an end, starts no step twice, and none before those it waits for', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 15 }),
        fc.infiniteStream(fc.nat()),
        (drawn, order) => {
          const plan = layOut(drawn);
          const { statusOf, started } = play(plan, drawn, (n) => (order.next().value ?? 0) % n);
          expect(plan.order.filter(({ id }) => !isFinal(statusOf(id).state)).map(({ id }) => id)).toEqual([]);
          expect(new Set(started).size).toBe(started.length);
          for (const { id, dependsOn, triggerRule } of plan.order) {
            if (triggerRule === 'all_success' && started.includes(id)) {
              for (const wanted of dependsOn) expect(statusOf(wanted).state).toBe('success');
            }
          }
          const failed = plan.order.some(({ id }) => statusOf(id).state === 'failed');
          expect(outcomeOf(plan, statusOf)).toBe(failed ? 'failed' : 'success');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('starts nothing while it is paused, but tells what can no longer run', () => {
    const plan = layOut([
      { after: [], triggerRule: 'all_success', onFailure: 'continue', ends: 'failed' },
      { after: [0], triggerRule: 'all_success', onFailure: 'continue', ends: 'success' },
      { after: [0], triggerRule: 'all_done', onFailure: 'continue', ends: 'success' },
    ]);
    const statusOf = (id: string): StepStatus => ({
      state: id === 's0' ? 'failed' : 'waiting',
      stopped: false,
    });
    const moves = (paused: boolean) =>
      nextMoves(plan, { statusOf, stoppedBy: null, paused }).map(({ id, to }) => `${id} ${to}`);
    expect(moves(false)).toEqual(['s1 upstream_failed', 's2 start']);
    expect(moves(true)).toEqual(['s1 upstream_failed']);
  });

  it('a step that is tried again brings back what never ran because of it, and nothing else', () => {
    const drawn: Drawn[] = [[], [0], [0.5], []].map((after) => ({
      after,
      triggerRule: 'all_success',
      onFailure: 'continue',
      ends: 'failed',
    }));
    const plan = layOut(drawn);
    const { statusOf } = play(plan, drawn, () => 0);
    expect(plan.order.map(({ id }) => `${id} ${statusOf(id).state}`).sort()).toEqual([
      ...['s0 failed', 's1 upstream_failed', 's2 upstream_failed', 's3 failed'],
    ]);
    expect(reopened(plan, 's0', statusOf, () => true)).toEqual(['s1', 's2']);
    expect(reopened(plan, 's0', statusOf, (id) => id !== 's1')).toEqual([]);
  });
});

describe('a plan', () => {
  const planned = planRaw({
    pipeline: {
      name: 'etl',
      params: { regions: { type: 'array', default: ['emea', 'apac'] } },
      maxParallel: 2,
      steps: [
        { id: 'extract', projectId: 'x' },
        {
          id: 'per-region',
          dependsOn: 'extract',
          forEach: '{{ params.regions }}',
          projectId: 'r',
          skipIfFresh: '1h',
          inputParams: { r: '{{ item }}' },
        },
        { id: 'audit', dependsOn: 'extract', workflow: { type: 'audit' } },
        { id: 'ask', dependsOn: ['per-region', 'audit'], approval: { prompt: 'Publish {{ run.date }}?' } },
        {
          id: 'alarm',
          dependsOn: ['audit'],
          triggerRule: 'one_failed',
          projectId: 'a',
          when: "{{ run.date != '' }}",
        },
      ],
    },
  });
  const plan = planned.ok ? planned.value : undefined;

  it('tells the order, what runs at the same time, and what it costs', () => {
    expect(planned.ok || planned.problems).toBe(true);
    expect(plan?.levels).toEqual([['extract'], ['per-region', 'audit'], ['ask', 'alarm']]);
    expect(plan).toMatchObject({
      atOnce: 2,
      calls: { starts: 4, unknown: [] },
      params: { regions: ['emea', 'apac'] },
    });
    expect(plan?.warnings).toEqual([
      expect.stringContaining('per-region: skipIfFresh looks at any completed run'),
    ]);
    expect(plan && planText(plan)).toMatch(/2 {2}per-region x2 {2}project r \(after extract\)\n {6}audit/);
    expect(plan && planText(plan)).toContain('approval: Publish 2026-01-31?');
  });

  it('as a Mermaid flow chart', () => {
    expect(plan && planMermaid(plan)).toBe(
      [
        'flowchart LR',
        '  s0["extract"]',
        '  s1["per-region x2"]',
        '  s2("audit")',
        '  s3{"ask"}',
        '  s4["alarm"]',
        '  s0 --> s1',
        '  s0 --> s2',
        '  s1 --> s3',
        '  s2 --> s3',
        '  s2 -. one_failed .-> s4',
      ].join('\n'),
    );
  });

  it('of a thousand steps in a row, and of 1,000 steps at once', () => {
    for (const dependsOn of [(i: number) => (i > 0 ? [`s${i - 1}`] : []), () => []]) {
      const steps = Array.from({ length: 1_000 }, (_, i) => ({
        id: `s${i}`,
        projectId: 'p',
        dependsOn: dependsOn(i),
      }));
      const big = planRaw({ steps });
      expect(big.ok && big.value.calls.starts).toBe(1_000);
    }
  });

  it('a name alone cannot be planned without the worker', () => {
    const named = planRaw({ pipeline: 'etl' });
    expect(named).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('give the file') }],
    });
  });
});
