import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { applyEvent, newLimiter, packLimiter, rankOf, step, unpackLimiter } from '../../src/limits/index.js';
import { actionsOf, type Fact, play } from '../support/limiter-world.js';

const SETTINGS = { starts: { perMinute: 4, perHour: 12 }, kernels: 5, marginMs: 0, agingMs: 300_000 };
const RUNS = { numRuns: inject('thorough') ? 400 : 40 };

/** The most starts that any stretch of `windowMs` holds. */
function mostInAnyWindow(facts: readonly Fact[], windowMs: number): number {
  const times = facts.flatMap((fact) => fact.countedAt ?? []).sort((a, b) => a - b);
  return Math.max(
    0,
    ...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length),
  );
}
const inFlight = (facts: readonly Fact[]) => facts.filter((fact) => fact.grantedAt !== null && !fact.over);

describe('limits', () => {
  it('no minute and no hour ever holds more starts than Hex allows, wherever the POSTs landed', () => {
    fc.assert(
      fc.property(actionsOf(), (actions) => {
        const { facts } = play(actions, SETTINGS);
        expect(mostInAnyWindow(facts, 60_000)).toBeLessThanOrEqual(4);
        expect(mostInAnyWindow(facts, 3_600_000)).toBeLessThanOrEqual(12);
      }),
      RUNS,
    );
  });

  it('the margin covers a clock that is wrong and goes backwards', () => {
    fc.assert(
      fc.property(actionsOf(500), (actions) => {
        const { facts } = play(actions, { ...SETTINGS, marginMs: 1_000 });
        expect(mostInAnyWindow(facts, 60_000)).toBeLessThanOrEqual(4);
        expect(mostInAnyWindow(facts, 3_600_000)).toBeLessThanOrEqual(12);
      }),
      RUNS,
    );
  });

  it('never more runs in flight than kernels', () => {
    fc.assert(
      fc.property(actionsOf(), (actions) => {
        play(actions, { ...SETTINGS, starts: { perMinute: null, perHour: null } }, (_, facts) => {
          expect(inFlight(facts).length).toBeLessThan(5);
        });
      }),
      RUNS,
    );
  });

  it('at most one trigger of a project is outstanding, and an exclusive run has its project to itself', () => {
    fc.assert(
      fc.property(actionsOf(), (actions) => {
        play(actions, { starts: { perMinute: null, perHour: null } }, (permitted, facts) => {
          const same = inFlight(facts).filter(
            (fact) => fact.project === permitted.project && fact !== permitted,
          );
          expect(same.filter((fact) => !fact.settled)).toEqual([]);
          expect(same.filter((fact) => fact.exclusive || permitted.exclusive)).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  it('nobody is overtaken, save for a project of its own that is busy, or while the reserve binds it', () => {
    fc.assert(
      fc.property(actionsOf(), (actions) => {
        const rank = (fact: Fact) => fact.askedAt + fact.priority * SETTINGS.agingMs;
        play(actions, SETTINGS, (permitted, facts, now) => {
          const busy = new Set(inFlight(facts).map((fact) => fact.project));
          const wanted = new Set<string>();
          for (const fact of facts) {
            if (fact.exclusive && fact.grantedAt === null && !fact.over) wanted.add(fact.project);
          }
          const overtaken = facts.filter(
            (fact) =>
              fact.grantedAt === null &&
              !fact.over &&
              fact !== permitted &&
              rank(fact) < rank(permitted) &&
              !busy.has(fact.project) &&
              !wanted.has(fact.project) &&
              rank(fact) <= now,
          );
          expect(overtaken).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  it('continue-as-new at any moment changes nothing', () => {
    const carried = (state: Parameters<typeof packLimiter>[0]) =>
      unpackLimiter(JSON.parse(JSON.stringify(packLimiter(state))));
    fc.assert(
      fc.property(actionsOf(), (actions) => {
        const plain = play(actions, SETTINGS);
        const moved = play(actions, SETTINGS, undefined, carried);
        expect(moved.log).toEqual(plain.log);
        expect(moved.state).toEqual(plain.state);
        expect(JSON.parse(JSON.stringify(plain.state))).toEqual(plain.state);
      }),
      RUNS,
    );
  });

  it('no slot leaks: when every holder has died, all is free again', () => {
    fc.assert(
      fc.property(actionsOf(), (actions) => {
        const played = play(actions, SETTINGS);
        let { state, now } = played;
        for (let round = 0; state.held.length + state.waiting.length > 0; round++) {
          expect(round).toBeLessThan(2_000);
          const result = step(state, now);
          state = result.state;
          for (const { requestId } of result.permits)
            state = applyEvent(state, { type: 'released', requestId }, now);
          for (const { requestId } of result.checks)
            state = applyEvent(state, { type: 'checked', requestId, alive: false }, now);
          if (result.permits.length === 0 && result.checks.length === 0) now = result.wakeAt ?? Number.NaN;
          expect(now).not.toBeNaN();
        }
      }),
      RUNS,
    );
  });

  it('a steady stream of scheduled work overtakes a backfill for its aging time and no longer', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 2_000, max: 20_000 }),
        (priority, every) => {
          const settings = {
            starts: { perMinute: 3, perHour: null },
            kernels: null,
            agingMs: 60_000,
            marginMs: 0,
          };
          let state = newLimiter(settings);
          const asked = new Map<string, number>();
          const backfill = {
            type: 'acquire',
            requestId: 'low',
            workflowId: 'low',
            projectId: 'low',
            priority,
            at: 0,
          } as const;
          state = applyEvent(state, backfill, 0);
          state = applyEvent(state, { type: 'penalty', kind: 'rate', untilMs: 30_000 }, 0);
          for (let now = 0, n = 0; ; now += 1_000) {
            expect(now).toBeLessThan(3_600_000 * 2);
            if (now % every < 1_000) {
              const requestId = `s${n++}`;
              asked.set(requestId, now);
              state = applyEvent(
                state,
                { type: 'acquire', requestId, workflowId: requestId, projectId: requestId },
                now,
              );
            }
            const result = step(state, now);
            state = result.state;
            const low = result.permits.findIndex(({ requestId }) => requestId === 'low');
            for (const { requestId } of low < 0 ? result.permits : result.permits.slice(0, low)) {
              expect(asked.get(requestId)).toBeLessThanOrEqual(
                rankOf({ ...backfill, priority }, state.settings),
              );
              state = applyEvent(state, { type: 'triggered', requestId, runId: requestId }, now);
            }
            if (low >= 0) break;
          }
        },
      ),
      // Each plays an hour or two.
      { numRuns: RUNS.numRuns / 4 },
    );
  });
});
