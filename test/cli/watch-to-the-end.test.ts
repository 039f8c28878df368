import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { showLive } from '../../src/cli/view/live.js';
import type { TemporalHexClient } from '../../src/client.js';
import type { PipelineProgress, StepProgress } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { FAST, harness, until } from '../support/harness.js';

it('ends with the pipeline and its exit code, and prints plain lines and the results', async () => {
  const { env, hex, sandbox } = await harness();
  sandbox.script({ match: { projectId: 'bad' }, endAs: 'ERRORED' });
  const step = (id: string, dependsOn: string[] = []) => ({ id, projectId: id, dependsOn, ...FAST });
  const { workflowId } = await hex.startPipeline({
    name: 'etl',
    onFailure: 'continue',
    steps: [step('extract'), step('good', ['extract']), step('bad', ['extract'])],
  });
  const { code, stdout, stderr } = await cli(['watch', workflowId], env);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/^extract: success /m);
  expect(stderr).toMatch(/^bad: failed .*HexRunErrored/m);
  expect(stderr + stdout).not.toContain('\u001b');
  expect(stdout).toMatch(/^STEP +STATUS .*\nextract +COMPLETED .*\ngood +COMPLETED .*\nbad +FAILED /);
  // The same of one that has ended already.
  const again = await cli(['watch', workflowId, '--json'], env);
  expect(again.code).toBe(1);
  expect(JSON.parse(again.stdout)).toMatchObject({ success: false, type: 'HexPipelineFailed' });
});

it('watches a single run as well, and says what it cannot watch', async () => {
  const { env, hex, temporal, taskQueue } = await harness();
  const { workflowId } = await hex.startRun({ projectId: 'sales', ...FAST });
  const { code, stdout } = await cli(['watch', workflowId], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/status +COMPLETED/);
  const other = `other-${taskQueue}`;
  await temporal.workflow.start('elsewhere', { taskQueue: other, workflowId: other });
  const refused = await cli(['watch', other], env);
  await temporal.workflow.getHandle(other).terminate();
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`${other}: is a elsewhere`);
});

it('redraws graph and table in place on a terminal, and keeps to its size', async () => {
  let drawn = '';
  const write = (text: string) => {
    drawn += text;
  };
  const stderr = { isTTY: true, columns: 60, rows: 20, write };
  const output = new Output({ stdout: stderr, stderr, env: {}, format: 'text', color: 'always' });
  const progress = manySteps(40);
  const temporal = { withDeadline: (_at: number, ask: () => unknown) => ask() };
  const client = { temporal, progress: async () => progress } as unknown as TemporalHexClient;
  const view = await showLive(output, client, 'etl-1');
  await until('it was drawn', async () => drawn.includes('publish'));
  const lines = stripVTControlCharacters(drawn).split('\n');
  const first = drawn.length;
  progress.audit.push({
    at: '2026-11-23T06:00:00Z',
    action: 'pause',
    step: null,
    by: 'ada',
    reason: 'a | b',
  });
  await view.stop();
  expect(lines.join('\n')).toMatch(/many.*\n\n +1 +✓ extract\n +2 +\? publish +✓ s-0 .*\n\n/);
  expect(lines.join('\n')).toContain('temporal-hex approve|reject etl-1 publish');
  expect(lines.length).toBeLessThan(20);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  // The cursor goes up: nothing is drawn a second time below.
  expect(drawn.slice(first).split('\u001b[')).toContainEqual(expect.stringMatching(/^\d+A/));
  expect(stripVTControlCharacters(drawn.slice(first))).toContain('ada: pause (a | b)');
});

/** A pipeline of more steps than a screen has lines: one asks for approval, the others are done. */
function manySteps(count: number): PipelineProgress {
  const step = (id: string, status: StepProgress['status']): StepProgress => ({
    ...{ id, status, kind: 'hex', dependsOn: [], projectId: id, workflowId: null, runId: null },
    runUrl: `https://app.hex.tech/acme/app/${id}/01ce4df2-185e-4e2a-884d-e14b19556638`,
    ...{ startedAt: null, endedAt: null, elapsedMs: null, attempts: 1 },
  });
  const done = Array.from({ length: count }, (_, i) => step(`s-${i}`, 'success'));
  return {
    ...{ name: 'many', status: 'waiting', startedAt: new Date().toISOString(), endedAt: null, elapsedMs: 0 },
    params: {},
    steps: [step('extract', 'success'), ...done, step('publish', 'approval')],
    levels: [['extract'], ['publish', ...done.map(({ id }) => id)]],
    ...{ paused: null, audit: [], warnings: [] },
  };
}
