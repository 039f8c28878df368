import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { openGates } from '../../src/limits/gates.js';
import { applyEvent, type LimiterEvent, type LimiterState, newLimiter } from '../../src/limits/index.js';
import { agedAt } from '../../src/limits/state.js';
import { givePermits } from '../../src/limits/step.js';
import { inTurn, Turns } from '../../src/limits/turns.js';

const RUNS = { numRuns: inject('thorough') ? 2_000 : 200 };
/** Half of the starts are for scheduled work alone, until what waits behind it has aged. */
const RESERVED = {
  starts: { perMinute: 8, perHour: null },
  reserve: 0.5,
  agingMs: 20,
  marginMs: 0,
  minuteMs: 60,
};

/** Times so close that many have asked in the same millisecond, and some tell of it late. */
const ask = fc.record({
  type: fc.constant('acquire' as const),
  project: fc.nat(3),
  fairnessKey: fc.constantFrom(undefined, 'a', 'b', 'c', 'd', 'e'),
  priority: fc.constantFrom(-1, 0, 1, 1, 2),
  exclusive: fc.nat(9).map((n) => n === 0),
  late: fc.nat(6),
});
const other = fc.record({
  type: fc.constantFrom('released' as const, 'triggered' as const, 'finished' as const, 'move' as const),
  /** Of those it can happen to. */
  pick: fc.nat(),
});
type Told = typeof ask | typeof other extends fc.Arbitrary<infer T> ? T : never;
const told = fc.array(fc.tuple(fc.nat(3), fc.oneof({ weight: 3, arbitrary: ask }, other)), {
  minLength: 30,
  maxLength: 150,
});

/** A limiter that is told this, with its permits after each. */
function play(events: readonly [number, Told][], look: (state: LimiterState, now: number) => void): void {
  let state = newLimiter(RESERVED);
  let now = 1_000;
  for (const [index, [after, event]] of events.entries()) {
    now += after;
    state = applyEvent(state, eventOf(event, `etl/${index}`, state, now), now);
    look(state, now);
    state = givePermits(state, now).state;
  }
}

function eventOf(event: Told, newId: string, { waiting, held }: LimiterState, now: number): LimiterEvent {
  if (event.type === 'acquire') {
    const { type, project, priority, exclusive, late, fairnessKey } = event;
    const run = { requestId: newId, workflowId: newId, projectId: `p${project}` };
    return { type, ...run, priority, exclusive, at: now - late, ...(fairnessKey && { fairnessKey }) };
  }
  const { type, pick } = event;
  const pool = type === 'move' || type === 'released' ? waiting : held;
  const requestId = pool[pick % Math.max(1, pool.length)]?.requestId ?? 'nobody';
  if (type === 'move') return { type, workflowId: requestId, by: 'ada', at: now };
  return type === 'triggered' ? { type, requestId, runId: requestId } : { type, requestId };
}

it('what is known of a line stays true with each who comes and goes', () => {
  fc.assert(
    fc.property(told, (events) => {
      play(events, (state) => {
        expect(inTurn(state).map(({ requestId }) => requestId)).toEqual(
          inTurn(structuredClone(state)).map(({ requestId }) => requestId),
        );
      });
    }),
    RUNS,
  );
});

it('a reserve that binds all the rest lets go, and wakes, as if each of them had been looked at', () => {
  let bound = 0;
  fc.assert(
    fc.property(told, (events) => {
      play(events, (state, now) => {
        const { permitted, openAt } = givePermits(state, now);
        const asked = eachAsked(state, now);
        bound += asked.bound;
        expect({ permitted, openAt }).toEqual({ permitted: asked.permitted, openAt: asked.openAt });
      });
    }),
    RUNS,
  );
  expect(bound).toBeGreaterThan(RUNS.numRuns);
});

it('nor does it wake for one that stands behind another that waits for its project to be empty', () => {
  const asks = (id: string, at: number, projectId: string, exclusive = false): LimiterEvent => {
    const fairnessKey = id.slice(0, 1);
    return {
      type: 'acquire',
      requestId: id,
      workflowId: id,
      projectId,
      fairnessKey,
      priority: 1,
      exclusive,
      at,
    };
  };
  let state = newLimiter(RESERVED);
  const tell = (...events: LimiterEvent[]) => {
    for (const event of events) state = applyEvent(state, event, 1_000);
  };
  tell(...[1, 2, 3, 4].map((n) => asks(`a${n}`, 900, `p${n}`)), asks('a6', 995, 'p6'));
  state = givePermits(state, 1_000).state;
  tell(...[1, 2, 3, 4].map((n): LimiterEvent => ({ type: 'triggered', requestId: `a${n}`, runId: `${n}` })));
  tell(asks('a5', 991, 'p1'), asks('b1', 992, 'p5'), asks('c1', 993, 'p1', true));
  expect(inTurn(state).map(({ requestId }) => requestId)).toEqual(['b1', 'c1', 'a5', 'a6']);
  // Not at that of a5, which would age first.
  expect(givePermits(state, 1_000)).toMatchObject({ permitted: [], openAt: 992 + RESERVED.agingMs });
});

/** Who goes, and when the next may, by asking each in line. `bound`: how many the reserve alone held back. */
function eachAsked(
  before: LimiterState,
  now: number,
): { permitted: string[]; openAt: number | null; bound: number } {
  const state = { ...structuredClone(before), clock: Math.max(before.clock, now) };
  const turns = new Turns(state);
  const gates = openGates(state);
  const permitted: string[] = [];
  const opens: number[] = [];
  let bound = 0;
  for (let request = turns.next(); request; request = turns.next()) {
    const blocked = gates.consider(request);
    if (blocked === null) {
      permitted.push(request.requestId);
      turns.goes(request);
      continue;
    }
    if (blocked.at !== null) opens.push(blocked.at);
    if (blocked.scope !== 'reserve') continue;
    bound++;
    if (blocked.wholeAt !== null) opens.push(Math.max(blocked.wholeAt, agedAt(request, state.settings)));
  }
  return { permitted, openAt: opens.length === 0 ? null : Math.min(...opens), bound };
}
