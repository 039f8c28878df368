import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunStats } from '../../src/client.js';
import { cli, emptyFolder } from '../support/cli.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';

/** A short word of Hex's, so that the test need not wait. */
const SOON = { 'retry-after': '1' };

let rig: Harness;
const name = () => `stats-${rig.taskQueue}`;
beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
});

async function printed(args: readonly string[]): Promise<RunStats> {
  const { stdout } = await cli(['stats', ...args, '--json'], rig.env);
  return JSON.parse(stdout);
}

it('sums up the reads, delays and kernels of a pipeline, second runs that its keys avoided and runs that were adopted', async () => {
  const run = { ...FAST, key: `${name()}/{{ item }}`, ifExists: 'skip' as const };
  const steps = [
    { id: 'first', forEach: ['a', 'b'], projectId: 'sales', ...run },
    { id: 'again', forEach: ['a', 'b'], projectId: 'sales', ...run },
    { id: 'lost', projectId: 'lost', ...FAST },
    { id: 'broken', projectId: 'broken', ...FAST, onFailure: 'continue' as const },
  ];
  rig.sandbox.script([
    { match: { operation: 'runProject', projectId: 'lost' }, drop: 'after' },
    { match: { operation: 'runProject', projectId: 'broken' }, status: 429, headers: SOON },
    { match: { operation: 'runProject', projectId: 'broken' }, endAs: 'ERRORED' },
    { match: { operation: 'getRunStatus', projectId: 'broken' }, status: 429, times: 2, headers: SOON },
  ]);
  const handle = await rig.hex.startPipeline({ name: name(), steps });
  await handle.result().catch(() => undefined);
  const stats = await until('all runs are in the list', async () => {
    const found = await rig.hex.stats({ pipeline: name() });
    return found.runs + found.failed + found.secondRunsAvoided === 6 && found;
  });
  const progress = (id: string) => rig.hex.progress(`${handle.workflowId}/${id}`);
  const polls = await Promise.all(['first/0', 'first/1', 'lost', 'broken'].map(progress));
  const reads = polls.reduce((sum, each) => sum + ('polls' in each ? each.polls : Number.NaN), 0);
  expect(stats).toMatchObject({ runs: 3, failed: 1, cut: false, reads, secondRunsAvoided: 2, adopted: 1 });
  // By their age alone, runs of 100 ms are read once.
  expect(stats.readsSaved).toBe(4 - reads);
  expect(stats.rateLimited).toBe(3);
  expect(stats.delayMs?.median).toBeGreaterThanOrEqual(0);
  expect(stats.delayMs?.p95).toBeGreaterThanOrEqual(stats.delayMs?.median ?? Number.NaN);
  expect(await printed([name()])).toEqual({ ...stats, since: expect.any(String) });
  expect(await printed([name(), '--limit', '2'])).toMatchObject({ cut: true });
  expect(await printed(['nobody'])).toMatchObject({ runs: 0, delayMs: null });
  const { stdout } = await cli(['stats', name()], rig.env);
  expect(stdout).toMatch(/completed runs +3, since /);
  expect(stdout).toMatch(/second runs avoided +2/);
});

it('a plan is estimated by how long earlier runs of each project took, and names what had to be assumed', async () => {
  const steps = [
    { id: 'known', projectId: 'sales', ...FAST },
    { id: 'new', projectId: 'never-run' },
  ];
  const plan = await until('runs of the project are in the list', async () => {
    const found = await rig.hex.plan({ name: 'planned', steps });
    return found.steps[0]?.usual ? found : false;
  });
  const [known, unknown] = plan.steps;
  expect(known?.usual?.p50Ms).toBeLessThan(5_000);
  expect(unknown?.usual).toBeNull();
  expect(plan.estimate.assumed).toEqual(['new']);
  expect(plan.estimate.p50Ms).toBe(600_000 + Math.round(known?.usual?.p50Ms ?? Number.NaN));
  // A query cannot name so many projects.
  const others = Array.from({ length: 250 }, (_, n) => ({ id: `new-${n}`, projectId: `never-run-${n}` }));
  const large = await rig.hex.plan({ name: 'large', steps: [...others, ...steps] });
  expect(large.steps.find(({ id }) => id === 'known')?.usual).not.toBeNull();
  expect(large.estimate.assumed).toHaveLength(251);
  const file = join(emptyFolder(), 'planned.json');
  writeFileSync(file, JSON.stringify({ name: 'planned', steps }));
  const { code, stdout } = await cli(['plan', file, '--history'], rig.env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/known +project sales \(usually \d+ms, by \d+ earlier\)/);
  expect(stdout).toContain('Assumed 10m 00s a run, for no earlier one is known: new');
});

it('refuses a time that it cannot read', async () => {
  const { code, stderr } = await cli(['stats', '--since', 'yesterday'], rig.env);
  expect(code).toBe(2);
  expect(stderr).toContain('Write a duration such as 24h or 7d');
});
