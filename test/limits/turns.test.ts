import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyEvent,
  type LimiterEvent,
  type LimiterState,
  type LimitsPatch,
  newLimiter,
  packLimiter,
  settingsProblems,
  step,
  unpackLimiter,
  view,
} from '../../src/limits/index.js';

const ONE_AT_A_TIME: LimitsPatch = {
  starts: { perMinute: null, perHour: null },
  kernels: 0,
  reserve: 0,
  marginMs: 0,
};

/** A line that nothing leaves until it is told who goes. */
class Line {
  state: LimiterState;
  now = 1_000;

  constructor(settings: LimitsPatch = {}) {
    this.state = newLimiter({ ...ONE_AT_A_TIME, ...settings });
  }

  tell(...events: LimiterEvent[]): this {
    for (const event of events) this.state = applyEvent(this.state, event, this.now);
    return this;
  }

  ask(requestId: string, more: Partial<LimiterEvent & { type: 'acquire' }> = {}): this {
    this.now++;
    const request = { requestId, workflowId: `w/${requestId}`, projectId: requestId, at: this.now };
    return this.tell({ type: 'acquire', ...request, fairnessKey: requestId.replace(/\d+$/, ''), ...more });
  }

  /** So many go, one after the other. */
  serve(count: number): string[] {
    const gone: string[] = [];
    this.tell({ type: 'settings', patch: { kernels: 1 } });
    for (let index = 0; index < count; index++) {
      this.now++;
      const { state, permits } = step(this.state, this.now);
      this.state = unpackLimiter(packLimiter(state));
      for (const { requestId } of permits) {
        gone.push(requestId);
        this.tell({ type: 'triggered', requestId, runId: requestId }, { type: 'finished', requestId });
      }
    }
    this.tell({ type: 'settings', patch: { kernels: 0 } });
    return gone;
  }

  places(): string[] {
    return view(this.state, this.now).line.map(({ requestId }) => requestId);
  }
}

const many = (line: Line, key: string, count: number, from = 1) => {
  for (let n = from; n < from + count; n++) line.ask(`${key}${n}`);
};

describe('pipelines go in turn', () => {
  it('one that comes late with few does not wait for all of one that has asked for many', () => {
    const line = new Line();
    many(line, 'many', 10);
    expect(line.serve(3)).toEqual(['many1', 'many2', 'many3']);
    many(line, 'few', 3);
    const order = ['few1', 'many4', 'few2', 'many5', 'few3', 'many6', 'many7', 'many8', 'many9', 'many10'];
    expect(line.places()).toEqual(order);
    expect(line.serve(10)).toEqual(order);
  });

  it('nobody saves up turns while it asks for nothing', () => {
    const line = new Line();
    many(line, 'a', 20);
    many(line, 'b', 1);
    line.serve(12);
    many(line, 'b', 3, 2);
    expect(line.serve(6)).toEqual(['b2', 'a12', 'b3', 'a13', 'b4', 'a14']);
  });

  it('a pipeline of weight 2 has two turns where others have one', () => {
    const line = new Line({ weights: { b: 2 } });
    many(line, 'a', 6);
    many(line, 'b', 6);
    expect(line.serve(9).filter((id) => id.startsWith('b'))).toHaveLength(6);
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('a key may be %s', (fairnessKey) => {
    const line = new Line();
    for (const id of ['x1', 'x2']) line.ask(id, { fairnessKey });
    many(line, 'b', 2);
    expect(line.places()).toEqual(['x1', 'b1', 'x2', 'b2']);
    expect(line.serve(4)).toEqual(['x1', 'b1', 'x2', 'b2']);
  });

  it('within a pipeline who asked first goes first, and runs of none are one party', () => {
    const line = new Line();
    line.ask('a2', { at: 20 }).ask('a1', { at: 10 });
    for (const id of ['x', 'y', 'z'])
      line.tell({ type: 'acquire', requestId: id, workflowId: id, projectId: id });
    expect(line.serve(5)).toEqual(['a1', 'x', 'a2', 'y', 'z']);
  });

  it('a priority comes before turns', () => {
    const line = new Line();
    line.ask('backfill1', { priority: 2 }).ask('backfill2', { priority: 2 });
    many(line, 'a', 2);
    many(line, 'b', 1);
    expect(line.serve(5)).toEqual(['a1', 'b1', 'a2', 'backfill1', 'backfill2']);
  });

  it('any pipeline that waits all the while gets its share, whatever the others ask for', () => {
    const asks = fc.array(fc.constantFrom('b', 'c', 'd', 'serve'), { minLength: 20, maxLength: 120 });
    fc.assert(
      fc.property(asks, (actions) => {
        const line = new Line();
        many(line, 'a', 200);
        const gone: string[] = [];
        for (const [index, action] of actions.entries()) {
          if (action === 'serve') gone.push(...line.serve(1));
          else line.ask(`${action}${index}`);
        }
        // There are four of them at most.
        for (let from = 0; from + 4 <= gone.length; from++)
          expect(gone.slice(from, from + 4).some((id) => id.startsWith('a'))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a move to the front', () => {
  const move = (workflowId: string, at: number): LimiterEvent => ({
    type: 'move',
    workflowId,
    by: 'ada',
    at,
  });

  it('is of a run or of the steps of a pipeline, before all priorities; the last moved goes first', () => {
    const line = new Line();
    many(line, 'a', 4);
    line
      .ask('late1', { priority: 2, workflowId: 'late/1' })
      .ask('late2', { priority: 2, workflowId: 'late/2' });
    line.now = 2_000;
    line.tell(move('late', 1_500), move('w/a3', 1_600));
    expect(line.places()).toEqual(['a3', 'late1', 'late2', 'a1', 'a2', 'a4']);
    expect(line.serve(6)).toEqual(['a3', 'late1', 'late2', 'a1', 'a2', 'a4']);
  });

  it('is kept with who did it and why; the same once more, and one of what does not wait, change nothing', () => {
    const line = new Line().ask('a1').ask('a2');
    line.now = 2_000;
    const moved = line.tell({ ...move('w/a2', 1_500), reason: 'the board meets' } as LimiterEvent).state;
    expect(line.tell(move('w/a2', 1_500), move('w/nobody', 1_700)).state).toEqual(moved);
    expect(view(line.state, line.now).moves).toEqual([
      { at: 1_500, by: 'ada', reason: 'the board meets', workflowId: 'w/a2', runs: 1 },
    ]);
  });

  it('a moved backfill is not held back by the reserve', () => {
    const line = new Line({ kernels: 2, reserve: 0.5 });
    line.ask('x1', { priority: 2 }).ask('x2', { priority: 2 });
    line.state = step(line.state, line.now).state;
    expect(line.state.waiting).toHaveLength(1);
    line.now = 2_000;
    line.tell(move('w/x2', 1_900));
    expect(step(line.state, line.now).permits.map(({ requestId }) => requestId)).toEqual(['x2']);
  });
});

it('what a limiter of before has packed is read: no parties, no moves, no weights', () => {
  const line = new Line().ask('a1');
  const { parties: _, ...packed } = packLimiter(line.state);
  const { weights: __, ...settings } = packed.settings;
  const old = JSON.parse(JSON.stringify({ ...packed, settings, waiting: [['~', 'w/a1', 0, 0, 0, 0, 5]] }));
  const state = unpackLimiter(old);
  expect(state.waiting).toEqual([
    { requestId: 'w/a1', workflowId: 'w/a1', projectId: 'a1', priority: 0, at: 5 },
  ]);
  expect(state.settings.weights).toEqual({});
  expect(view(state, 10)).toMatchObject({ waiting: 1, moves: [], line: [{ fairnessKey: null, place: 1 }] });
});

it('weights that are none are refused as a whole', () => {
  expect(settingsProblems({ weights: { a: 0 } })).toEqual(['weights["a"] must be a number from 0.01 to 100']);
  expect(settingsProblems({ weights: [1] as never })).toContain('weights must be an object of numbers');
  expect(settingsProblems({ weights: { a: 0.5, b: 3 } })).toEqual([]);
});
