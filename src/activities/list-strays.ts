import { typedFailure } from '../contract/failure.js';
import type { Stray } from '../run/janitor-input.js';

/** What a janitor of an earlier release asks for. */
export interface ListStraysRequest {
  connection: string;
  projects: string[] | null;
  sinceMs: number;
  requestTimeoutMs: number;
}

/** What such a janitor was told. */
export interface StrayRound {
  projects: string[];
  strays: Stray[];
  foreign: number;
}

/**
 * What a janitor of an earlier release asks for: all projects in one activity, which many projects never fitted into.
 */
export const listStrays =
  () =>
  async (_: ListStraysRequest): Promise<StrayRound> => {
    throw typedFailure({
      type: 'JanitorOutdated',
      message: 'This janitor began with an earlier release, which could not finish its work. Start it again.',
      nonRetryable: true,
    });
  };
