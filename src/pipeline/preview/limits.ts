import { durationMs, formatDuration } from '../../base/duration.js';
import { isObject } from '../../base/json.js';
import { AUTO_TIMEOUT } from '../../run/schema.js';
import { isTemplate } from '../../templates/engine.js';
import { parseRunInput } from '../boundary.js';
import { HTTP_DEFAULTS } from '../definition/http-schema.js';
import type { PipelineSpec, StepSpec } from '../definition/spec.js';
import { WAIT_DEFAULTS } from '../definition/wait-schema.js';
import type { StepWork } from '../plan/step-work.js';

/** Milliseconds; null where there is no limit; the template where an earlier step decides; `auto` where earlier runs do. */
export type Limit = number | string | null;

/** Time limits by what they limit, such as `timeoutMs`. */
export type Limits = Record<string, Limit>;

type Fields = Readonly<Record<string, unknown>>;

const OF_RUNS = ['timeout', 'queueTimeout', 'requestTimeout', 'cleanupTimeout'] as const;

/** How each limit is told to people, and what no limit is called where that is worth a word. */
const WORDS: Record<string, { words: string; none?: string }> = {
  timeoutMs: { words: 'at most', none: 'no time limit' },
  deadlineMs: { words: 'deadline after' },
  deadlineAt: { words: 'deadline at' },
  queueTimeoutMs: { words: 'start within' },
  requestTimeoutMs: { words: 'request' },
  cleanupTimeoutMs: { words: 'clean-up' },
  pendingTimeoutMs: { words: 'PENDING at most' },
  skipIfFreshMs: { words: 'skipped if younger than' },
  withinMs: { words: 'answer within', none: 'waits without end' },
  metWithinMs: { words: 'met within' },
  decisionWithinMs: { words: 'decision within' },
};

export function pipelineLimits({ timeoutMs, deadlineMs, deadlineAt }: PipelineSpec): Limits {
  return { timeoutMs, deadlineMs, ...(deadlineAt !== null && { deadlineAt }) };
}

/** The limits of a step; of a fan-out, the longest of its items. */
export function stepLimits(step: StepSpec, works: readonly StepWork[] = []): Limits {
  const found = works.length > 0 ? works.map(limitsOfWork).reduce(longest) : limitsOfBody(step);
  const { deadlineMs, deadlineAt } = step;
  return {
    ...found,
    ...(step.onFailure === 'pause' && { decisionWithinMs: step.decisionWithinMs }),
    ...(deadlineMs !== null && { deadlineMs }),
    ...(deadlineAt !== null && { deadlineAt }),
  };
}

/** Limits in words: `at most 1h 00m, start within 1d 00h`. */
export function limitsText(limits: Limits): string {
  const parts = Object.entries(limits).map(([name, limit]) => {
    const { words, none } = WORDS[name] ?? { words: name };
    if (limit === null) return none;
    if (limit === AUTO_TIMEOUT) return `${words} twice as long as earlier runs (auto)`;
    return `${words} ${typeof limit === 'number' ? formatDuration(limit) : limit}`;
  });
  return parts.filter((part) => part !== undefined).join(', ');
}

function limitsOfWork(work: StepWork): Limits {
  switch (work.kind) {
    case 'hex':
      return runLimits({ ...work.input }, work.skipIfFreshMs);
    case 'approval':
      return { withinMs: work.withinMs };
    case 'http': {
      const { timeoutMs, poll } = work.request;
      return { requestTimeoutMs: timeoutMs, ...(poll && { metWithinMs: poll.withinMs }) };
    }
    case 'waitFor':
      return { metWithinMs: work.wait.withinMs };
    default:
      return { timeoutMs: work.timeoutMs };
  }
}

/** As far as they can be known before an earlier step has run. */
function limitsOfBody({ kind, body }: StepSpec): Limits {
  switch (kind) {
    case 'hex':
      return runLimits(body, limitOf(body.skipIfFresh));
    case 'approval':
      return { withinMs: limitOf(isObject(body.approval) ? body.approval.within : undefined) };
    case 'http': {
      const { timeout = HTTP_DEFAULTS.timeoutMs, poll } = isObject(body.http) ? body.http : {};
      const { within = HTTP_DEFAULTS.withinMs } = isObject(poll) ? poll : {};
      return {
        requestTimeoutMs: limitOf(timeout),
        ...(poll !== undefined && { metWithinMs: limitOf(within) }),
      };
    }
    case 'waitFor': {
      const { within = WAIT_DEFAULTS.withinMs } = isObject(body.waitFor) ? body.waitFor : {};
      return { metWithinMs: limitOf(within) };
    }
    default:
      return { timeoutMs: limitOf(body.timeout) };
  }
}

function runLimits(fields: Fields, skipIfFreshMs: Limit): Limits {
  const known = OF_RUNS.filter((name) => typeof limitOf(fields[name]) === 'number');
  const parsed = parseRunInput({
    projectId: 'any',
    ...Object.fromEntries(known.map((name) => [name, fields[name]])),
  });
  if (!parsed.ok) throw new Error('The limits of a step have been checked, and are not sound');
  const limits = OF_RUNS.map((name): [string, Limit] => {
    const given = limitOf(fields[name]);
    return [`${name}Ms`, typeof given === 'string' ? given : parsed.value[`${name}Ms`]];
  });
  const pendingTimeoutMs = limitOf(fields.pendingTimeout);
  return {
    ...Object.fromEntries(limits),
    ...(pendingTimeoutMs !== null && { pendingTimeoutMs }),
    ...(skipIfFreshMs !== null && { skipIfFreshMs }),
  };
}

function limitOf(given: unknown): Limit {
  if (typeof given === 'number') return durationMs(given);
  if (typeof given !== 'string') return null;
  return isTemplate(given) || given === AUTO_TIMEOUT ? given : durationMs(given);
}

function longest(a: Limits, b: Limits): Limits {
  const longer = ([name, limit]: [string, Limit]): [string, Limit] => {
    const other = b[name] ?? null;
    if (limit === other) return [name, limit];
    return [name, typeof limit === 'number' && typeof other === 'number' ? Math.max(limit, other) : null];
  };
  return Object.fromEntries(Object.entries(a).map(longer));
}
