import { createHexClient } from '../../src/hex/client.js';
import {
  createLearnedReads,
  createReadPacing,
  createSharedReads,
  HexRateLimitedError,
} from '../../src/hex/index.js';
import { DEFAULT_READ_LIMITS } from '../../src/limits/index.js';
import type { PollInput } from '../../src/run/input.js';
import { type LastRead, untilNextReadMs } from '../../src/run/poll-interval.js';
import { toRunSpec } from '../../src/run/schema.js';
import { isTerminal } from '../../src/run/status.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.js';

/** How runs are read: the `poll` of their input. */
export interface Rule {
  name: string;
  poll: PollInput;
}

export const TODAY: Rule = { name: '10 % of the age', poll: { learn: false } };
export const LEARNED: Rule = { name: 'learned', poll: {} };
export const EVERY_3_S: Rule = {
  name: 'every 3 s',
  poll: { min: '3s', max: '3s', first: '3s', learn: false },
};

/** A run to be followed. */
export interface Planned {
  projectId: string;
  durationMs: number;
  /** How long after the first one it is started. */
  afterMs?: number;
}

/** What came of a run that was followed. */
export interface Seen {
  reads: number;
  /** From its end in Hex to the read that told of it. */
  delayMs: number;
}

/** A sandbox whose clock goes on only when somebody waits, and our code that decides on reads. */
export interface World {
  sandbox: Sandbox;
  /** Requests that were refused by 429 so far. */
  refused(): number;
  /** Earlier runs of a project, oldest first. */
  past(projectId: string, durationsMs: readonly number[]): void;
  /** Starts the runs and follows them to their ends. */
  follow(rule: Rule, runs: readonly Planned[]): Promise<Seen[]>;
}

/** So long a run is PENDING first. */
export const PENDING_MS = 1_000;
const APART_MS = 3_600_000;

/** A world of its own, gone when `use` is done. */
export async function withWorld<T>(options: SandboxOptions, use: (world: World) => Promise<T>): Promise<T> {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const sandbox = await startSandbox({ port: 0, now: clock, ...options });
  const connection = { name: 'default', baseUrl: sandbox.url, token: async () => 'bench' };
  const client = createHexClient(connection);
  let refused = 0;

  async function follow({ poll }: Rule, planned: readonly Planned[]): Promise<Seen[]> {
    // A worker that has just been started.
    const pacing = createReadPacing({ now: clock, random: () => 0.5 });
    const shared = createSharedReads(client, { now: clock, windowMs: 0 });
    const learned = createLearnedReads({ limits: DEFAULT_READ_LIMITS, pacing, now: clock });
    const begun = now;
    const followers = planned.map(({ projectId, durationMs, afterMs = 0 }) => {
      const spec = toRunSpec({ projectId, poll });
      const seen: Seen = { reads: 0, delayMs: Number.NaN };
      let runId = '';
      let triggeredAtMs = 0;
      const follower = { at: begun + afterMs, seen, next };

      /** Goes on to the next moment; null when the run has been seen to have ended. */
      async function next(): Promise<number | null> {
        if (runId === '') {
          sandbox.script({ match: { projectId }, duration: { pending: PENDING_MS, running: durationMs } });
          triggeredAtMs = now;
          runId = (await client.runProject(projectId)).runId;
          return spec.poll.firstMs;
        }
        const permit = pacing.reserve(runId);
        if (!permit.ok) return permit.retryInMs;
        try {
          seen.reads += 1;
          const learns = spec.poll.learnedMaxMs !== undefined;
          const learning = learns ? learned.learnFrom(shared, projectId) : null;
          const info = await shared.getRunStatus(projectId, runId);
          await learning;
          permit.settle({ limited: false });
          if (isTerminal(info.status)) {
            shared.leave(projectId, runId);
            learned.leave(runId);
            seen.delayMs = now - Date.parse(info.endTime ?? '');
            return null;
          }
          const load = shared.load(projectId);
          const last: LastRead = {
            share: { load, limits: DEFAULT_READ_LIMITS },
            ...(learns && { hint: learned.hint(info, load) ?? undefined }),
          };
          return untilNextReadMs(spec.poll, { projectId, triggeredAtMs }, now, last);
        } catch (error) {
          if (!(error instanceof HexRateLimitedError)) throw error;
          refused += 1;
          permit.settle({ limited: true, retryAfterMs: error.retryAfterMs });
          return error.retryAfterMs ?? 1_000;
        }
      }
      return follower;
    });
    const open = new Set(followers);
    while (open.size > 0) {
      const first = [...open].reduce((a, b) => (b.at < a.at ? b : a));
      now = Math.max(now, first.at);
      const waitMs = await first.next();
      if (waitMs === null) open.delete(first);
      else first.at = now + waitMs;
    }
    now += APART_MS;
    return followers.map(({ seen }) => seen);
  }

  try {
    return await use({
      sandbox,
      refused: () => refused,
      past: (projectId, durationsMs) =>
        void sandbox.seed(
          durationsMs.map((running, index) => ({
            projectId,
            trigger: 'API' as const,
            ago: (durationsMs.length - index) * 24 * 3_600_000,
            duration: { pending: PENDING_MS, running },
          })),
        ),
      follow,
    });
  } finally {
    await sandbox.close();
  }
}
