import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunStats } from '../../src/client.js';
import { cli } from '../support/cli.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';

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
  ];
  rig.sandbox.script([{ match: { operation: 'runProject', projectId: 'lost' }, drop: 'after' }]);
  const handle = await rig.hex.startPipeline({ name: name(), steps });
  await handle.result();
  const stats = await until('all runs are in the list', async () => {
    const found = await rig.hex.stats({ pipeline: name() });
    return found.runs + found.secondRunsAvoided === 5 && found;
  });
  const progress = (id: string) => rig.hex.progress(`${handle.workflowId}/${id}`);
  const polls = await Promise.all(['first/0', 'first/1', 'lost'].map(progress));
  const reads = polls.reduce((sum, each) => sum + ('polls' in each ? each.polls : Number.NaN), 0);
  expect(stats).toMatchObject({ runs: 3, cut: false, reads, secondRunsAvoided: 2, adopted: 1 });
  // By their age alone, runs of 100 ms are read once.
  expect(stats.readsSaved).toBe(3 - reads);
  expect(stats.delayMs?.median).toBeGreaterThanOrEqual(0);
  expect(stats.delayMs?.p95).toBeGreaterThanOrEqual(stats.delayMs?.median ?? Number.NaN);
  expect(await printed([name()])).toEqual({ ...stats, since: expect.any(String) });
  expect(await printed([name(), '--limit', '2'])).toMatchObject({ cut: true });
  expect(await printed(['nobody'])).toMatchObject({ runs: 0, delayMs: null });
  const { stdout } = await cli(['stats', name()], rig.env);
  expect(stdout).toMatch(/completed runs +3, since /);
  expect(stdout).toMatch(/second runs avoided +2/);
});

it('refuses a time that it cannot read', async () => {
  const { code, stderr } = await cli(['stats', '--since', 'yesterday'], rig.env);
  expect(code).toBe(2);
  expect(stderr).toContain('Write a duration such as 24h or 7d');
});
