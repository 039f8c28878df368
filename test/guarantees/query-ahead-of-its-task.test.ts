import { describe, expect, it } from 'vitest';
import { interceptors } from '../../src/workflows/replay-after-query.js';

type Activation = Parameters<NonNullable<ReturnType<typeof guard>['activate']>>[0]['activation'];

function guard() {
  const [internals] = interceptors().internals ?? [];
  if (!internals) throw new Error('no interceptor');
  return internals;
}

/** A workflow that is given these activations; returns what reached it. */
function workflow() {
  const { activate } = guard();
  const reached: Activation[] = [];
  const give = (startedAt: number, historyLength: number, ...jobs: object[]) => {
    const activation = { timestamp: { nanos: startedAt }, historyLength, jobs } as unknown as Activation;
    activate?.({ activation, batchIndex: 0 }, (input) => reached.push(input.activation));
  };
  return { give, reached };
}

const query = { queryWorkflow: {} };
const signal = { signalWorkflow: {} };

describe('a task whose events a query has already brought', () => {
  it('fails, so that it is replayed as one; the query is answered', () => {
    const { give, reached } = workflow();
    give(1, 3, { initializeWorkflow: {} });
    give(1, 8, signal);
    give(1, 8, query);
    expect(() => give(2, 12, signal)).toThrow('replayed');
    expect(reached).toHaveLength(3);
  });

  it('fails as well when there were several queries', () => {
    const { give } = workflow();
    give(1, 3, { initializeWorkflow: {} });
    give(1, 8, signal);
    give(1, 8, query);
    give(1, 8, query);
    expect(() => give(2, 12, signal)).toThrow('replayed');
  });
});

describe('goes on without a replay:', () => {
  it('a task after a query that waited for the task before it', () => {
    const { give, reached } = workflow();
    give(1, 3, { initializeWorkflow: {} });
    give(2, 8, signal);
    give(2, 8, query);
    give(3, 12, signal);
    expect(reached).toHaveLength(4);
  });

  it('a task in several parts (patches, signals, the rest, local activities)', () => {
    const { give, reached } = workflow();
    give(1, 3, { initializeWorkflow: {} });
    give(2, 8, signal);
    give(2, 8, { resolveActivity: {} });
    give(2, 8, query);
    give(3, 12, signal);
    expect(reached).toHaveLength(5);
  });

  it('a task after another when nobody has looked in between, whatever the clock of the server shows', () => {
    const { give, reached } = workflow();
    give(1, 3, { initializeWorkflow: {} });
    give(1, 8, signal);
    give(1, 12, signal);
    expect(reached).toHaveLength(3);
  });
});
