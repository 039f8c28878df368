import { describe, expect, it } from 'vitest';
import { parseDefinition, parseJanitorInput, parseRunInput } from '../../src/pipeline/boundary.js';

const lines = (parsed: { ok: boolean; problems?: { path: string; message: string }[] }) =>
  (parsed.problems ?? []).map(({ path, message }) => `${path}: ${message}`);

describe("a field by the name that Hex's API or another package gives it is refused with ours", () => {
  it.each([
    ['updatePublishedResults', 'updateCache'],
    ['update_published_results', 'updateCache'],
    ['update_cache', 'updateCache'],
    ['viewID', 'viewId'],
    ['inputs', 'inputParams'],
    ['input_params', 'inputParams'],
    ['input_parameters', 'inputParams'],
    ['use_cached_sql_results', 'useCachedSqlResults'],
    ['dry_run', 'dryRun'],
    ['hex_conn_id', 'connection'],
    ['wait_seconds', 'poll'],
    ['poll_interval', 'poll'],
    ['poll_timeout', 'timeout'],
    ['timeOut', 'timeout'],
  ])('%s is %s here, in hexRun and in a step', (theirs, ours) => {
    const run = { projectId: 'a', [theirs]: true };
    const words = `${theirs}: unknown field; did you mean "${ours}"?`;
    expect(lines(parseRunInput(run))).toEqual([words]);
    expect(lines(parseDefinition({ steps: [run] }))).toEqual([`steps[0].${words}`]);
  });

  it.each(['kill_on_timeout', 'synchronous', 'wait_for_completion'])('%s is not needed', (theirs) => {
    expect(lines(parseRunInput({ projectId: 'a', [theirs]: true }))).toEqual([
      expect.stringMatching(`^${theirs}: unknown field; a run .*: leave it out$`),
    ]);
  });

  it('project_id instead of what a step runs', () => {
    expect(lines(parseDefinition({ steps: [{ project_id: 'a' }] }))).toEqual([
      expect.stringMatching(/^steps\[0\]: does not say what to run: .*; did you mean "projectId"\?$/),
    ]);
  });

  it('deeper fields, by the fields of their place', () => {
    expect(lines(parseRunInput({ projectId: 'a', poll: { minimum: 1 } }))).toEqual([
      'poll.minimum: unknown field: the fields are min, max, factor, first, perHistory, learn',
    ]);
    expect(lines(parseDefinition({ steps: [{ projectId: 'a', retry: { max_attempts: 2 } }] }))).toContain(
      'steps[0].retry.max_attempts: unknown field; did you mean "maxAttempts"?',
    );
    expect(lines(parseJanitorInput({ project: ['a'] }))).toEqual([
      'project: unknown field; did you mean "projects"?',
    ]);
  });
});

describe('the checker speaks plainly', () => {
  it.each<[object, string]>([
    [{ retry: 3 }, 'retry: must be an object, not 3'],
    [{ dryRun: 'yes' }, 'dryRun: must be true or false, not "yes"'],
    [
      { notifications: [{ type: 'ALL' }] },
      'notifications[0].includeSuccessScreenshot: is required: true or false',
    ],
    [
      { notifications: [{ type: 'MAYBE', includeSuccessScreenshot: true }] },
      'notifications[0].type: must be one of SUCCESS, FAILURE, ALL',
    ],
    [{ priority: 1 }, 'priority: must be one of scheduled, backfill, retry'],
    [{ when: 'yes' }, 'when: must be true, false, or a template: write true, without quotes'],
    [{ when: 'off' }, 'when: must be true, false, or a template: write false, without quotes'],
    [{ when: 'params.x' }, 'when: must be true, false, or a template: write "{{ params.x }}"'],
  ])('%j', (fields, message) => {
    expect(lines(parseDefinition({ steps: [{ projectId: 'a', ...fields }] }))).toEqual([
      `steps[0].${message}`,
    ]);
  });
});

it('a parameter without a value is told so', () => {
  expect(lines(parseRunInput({ projectId: 'a', inputParams: { b: undefined } }))).toEqual([
    'inputParams.b: has no value: leave it out, or give null',
  ]);
});

it('a name that begins with x- at the root of a pipeline holds anchors, and is passed over', () => {
  const definition = { 'x-defaults': { retry: 'anything' }, steps: [{ projectId: 'a' }] };
  expect(parseDefinition(definition)).toMatchObject({ ok: true });
});
