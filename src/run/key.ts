/** What is wrong with `ifExists` alone. */
export const LONE_IF_EXISTS =
  'needs a key: give one, such as "daily-etl/{{ run.date }}", or leave ifExists out';

/**
 * What a start does when its key has been started before and that one still runs or has succeeded. `run`: starts all the
 * same. `skip`: ends at once, with a reference to the other. `fail`: fails as `KeyExists`. `join`: waits for the other and
 * ends as it does, with its result. One that failed, was cancelled or terminated never counts.
 */
export type IfExists = 'run' | 'skip' | 'fail' | 'join';

/** A business key and what it means. */
export interface KeySpec {
  text: string;
  ifExists: IfExists;
}

/** The workflow that has a key. */
export interface KeyHolder {
  /** Id of the workflow. */
  workflowId: string;
  /** Run id of its first execution. */
  runId: string;
  /** What it runs: the id of the project, or the name of the pipeline. */
  of: string;
}

/** Who has succeeded with a key. */
export interface KeyRecord extends KeyHolder {
  /** The run in Hex, where one workflow is one run. */
  hexRun: { runId: string; runUrl: string | null } | null;
}

/** What the result says of a start that did not run because of its key. */
export interface ExistingKey {
  /** The business key, its templates filled in. */
  key: string;
  /** Id of the workflow that has the key. */
  workflowId: string;
  /** Run id of its first execution. */
  runId: string;
  /** Whether it was still running or had succeeded. */
  state: 'running' | 'succeeded';
}

/** A key is part of a workflow id, which may have 1,000 bytes, and of a search attribute. */
const LONGEST = 200;

/** What is wrong with a key whose templates have been filled in. */
export function keyProblem(key: string): string | null {
  if (key.trim() === '') return 'must not be empty: write text such as "daily-etl/{{ run.date }}"';
  if (key !== key.trim()) return `must not begin or end with a space: "${key}"`;
  if (/\p{Cc}/u.test(key)) return 'must not hold control characters, such as a line break';
  return key.length > LONGEST ? `has ${key.length} characters, and ${LONGEST} are allowed` : null;
}
