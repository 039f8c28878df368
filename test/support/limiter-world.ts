import fc from 'fast-check';
import {
  applyEvent,
  type LimiterEvent,
  type LimiterState,
  type LimitsPatch,
  newLimiter,
  type Permit,
  step,
} from '../../src/limits/index.js';

const PENALTIES = ['rate', 'kernel', 'noKernel', 'outage'] as const;

/** What happens next in a random world; `pick` chooses among the requests it can happen to. */
export type Action = { after: number; clockError: number } & (
  | { kind: 'acquire'; project: number; priority: number; exclusive: boolean; ahead: boolean }
  | {
      kind: 'seen' | 'answered' | 'refused' | 'ends' | 'dies' | 'gives up' | 'asks itself';
      pick: number;
      within: number;
    }
  | { kind: 'penalty'; of: (typeof PENALTIES)[number]; for: number | null }
);

/** Random actions. `clockErrorMs`: the limiter's clock may be wrong by this much either way. */
export function actionsOf(clockErrorMs = 0): fc.Arbitrary<Action[]> {
  const when = {
    after: fc.oneof({ weight: 4, arbitrary: fc.nat(2_000) }, fc.nat(60_000)),
    clockError: fc.integer({ min: -clockErrorMs, max: clockErrorMs }),
  };
  const some = fc.constantFrom(
    'answered',
    'answered',
    'answered',
    'seen',
    'ends',
    'ends',
    'refused',
    'dies',
    'gives up',
    'asks itself',
  );
  return fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          ...when,
          kind: fc.constant('acquire' as const),
          project: fc.nat(4),
          priority: fc.constantFrom(0, 0, 0, 1, 2),
          exclusive: fc.boolean(),
          ahead: fc.boolean(),
        }),
      },
      {
        weight: 7,
        arbitrary: fc.record({
          ...when,
          kind: some as fc.Arbitrary<'answered'>,
          pick: fc.nat(),
          within: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          ...when,
          kind: fc.constant('penalty' as const),
          of: fc.constantFrom(...PENALTIES),
          for: fc.option(fc.nat(90_000)),
        }),
      },
    ),
    { maxLength: 120, size: 'max' },
  );
}

/** A request as the world knows it, apart from the limiter's own books. */
export interface Fact {
  id: string;
  workflowId: string;
  /** Asked for before its workflow was there. */
  ahead: boolean;
  project: string;
  priority: number;
  exclusive: boolean;
  askedAt: number;
  grantedAt: number | null;
  /** The POST was answered or its fate is settled. */
  settled: boolean;
  /** When Hex counted the start; null: never. */
  countedAt: number | null;
  over: boolean;
}

/**
 * Plays actions against a limiter and keeps independent facts. After every action the limiter is stepped, and every
 * due wake-up in between is taken. `watch` is called at each permit, before the facts know of it.
 */
export function play(
  actions: readonly Action[],
  settings: LimitsPatch,
  watch: (permitted: Fact, facts: readonly Fact[], now: number) => void = () => {},
  between: (state: LimiterState) => LimiterState = (state) => state,
): { facts: Fact[]; state: LimiterState; now: number; log: string[] } {
  let state = newLimiter(settings);
  let now = 1_000_000_000;
  let wakeAt: number | null = null;
  const facts: Fact[] = [];
  const log: string[] = [];

  const stepAt = (seen: number) => {
    const result = step(state, seen);
    state = between(result.state);
    wakeAt = result.wakeAt;
    for (const slot of result.checks) send({ type: 'checked', requestId: slot.requestId, alive: true }, seen);
    for (const permit of result.permits) onPermit(permit);
    log.push(JSON.stringify([result.permits, result.wakeAt]));
  };
  const onPermit = (permit: Permit) => {
    const fact = facts.find((each) => each.id === permit.requestId);
    if (!fact) throw new Error(`permitted something unknown: ${permit.requestId}`);
    watch(fact, facts, now);
    fact.grantedAt = now;
  };
  const send = (event: LimiterEvent, seen: number) => {
    state = applyEvent(state, event, seen);
  };

  for (const [index, action] of actions.entries()) {
    const until = now + action.after;
    while (wakeAt !== null && wakeAt <= until) {
      now = Math.max(now, wakeAt);
      stepAt(now);
    }
    now = until;
    const seen = now + action.clockError;
    act(action, index, seen);
    stepAt(seen);
    // What is asked for ahead goes at once or not at all.
    for (const fact of facts) fact.over ||= fact.ahead && fact.grantedAt === null;
  }
  return { facts, state, now, log };

  function act(action: Action, index: number, seen: number): void {
    if (action.kind === 'penalty') {
      const untilMs = action.for === null ? null : seen + action.for;
      send({ type: 'penalty', kind: action.of, untilMs, said: 'Hex, which has answered 503' }, seen);
      return;
    }
    if (action.kind === 'acquire') {
      const { priority, ahead } = action;
      const exclusive = action.exclusive && action.project < 2;
      ask({ workflowId: `w${index}`, project: `p${action.project}`, priority, exclusive, ahead });
      return;
    }
    function ask(asked: Pick<Fact, 'workflowId' | 'project' | 'priority' | 'exclusive' | 'ahead'>): void {
      const { workflowId, project: projectId, priority, exclusive, ahead } = asked;
      const id = `r${index}`;
      facts.push({
        ...asked,
        id,
        askedAt: now,
        grantedAt: null,
        settled: false,
        countedAt: null,
        over: false,
      });
      const request = { requestId: id, workflowId, projectId, priority, exclusive, at: now };
      send({ type: 'acquire', ...request, ...(ahead && { ahead }) }, seen);
    }
    const waiting = facts.filter((fact) => fact.grantedAt === null && !fact.over);
    const triggering = facts.filter((fact) => fact.grantedAt !== null && !fact.settled && !fact.over);
    const running = facts.filter((fact) => fact.settled && !fact.over);
    const pool = {
      seen: triggering,
      answered: triggering,
      refused: triggering,
      ends: running,
      dies: [...triggering, ...running],
      'gives up': [...waiting, ...triggering],
      'asks itself': triggering.filter(({ ahead }) => ahead),
    }[action.kind];
    const fact = pool[action.pick % Math.max(1, pool.length)];
    if (!fact) return;
    const { id: requestId } = fact;
    /** Hex counts a POST at any moment between its permit and the news of its outcome. */
    const posted = () => (fact.grantedAt ?? now) + (now - (fact.grantedAt ?? now)) * action.within;
    switch (action.kind) {
      case 'seen':
        fact.countedAt ??= posted();
        send({ type: 'seen', requestId, runId: `run-${requestId}` }, seen);
        return;
      case 'answered':
        fact.settled = true;
        fact.countedAt ??= posted();
        send({ type: 'triggered', requestId, runId: `run-${requestId}` }, seen);
        return;
      case 'refused':
        fact.over = true;
        if (action.within < 0.7) fact.countedAt ??= posted();
        send({ type: 'notStarted', requestId, counted: fact.countedAt !== null }, seen);
        return;
      case 'ends':
        fact.over = true;
        send({ type: 'finished', requestId }, seen);
        return;
      case 'dies':
        fact.over = true;
        if (!fact.settled) fact.countedAt ??= posted();
        send({ type: 'checked', requestId, alive: false }, seen);
        return;
      case 'asks itself':
        fact.over = true;
        ask({ ...fact, ahead: false });
        return;
      case 'gives up':
        fact.over = true;
        send({ type: 'released', requestId }, seen);
        return;
    }
  }
}
