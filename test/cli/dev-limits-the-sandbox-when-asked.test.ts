import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli, emptyFolder, startCli } from '../support/cli.js';
import { until } from '../support/harness.js';

/** A dev stack with a sandbox of quick runs; `address` is its Temporal. */
async function dev(...options: string[]) {
  const running = startCli(['dev', '--port', '0', '--duration', '100ms', ...options]);
  const [, address = ''] = await running.says(/Temporal +(127\.0\.0\.1:\d+)/);
  await running.says(/Ctrl-C ends all of it/);
  return { running, address };
}

function manyRuns(count: number): string {
  const file = join(emptyFolder(), 'many.json');
  const items = Array.from({ length: count }, (_, i) => i);
  const each = { id: 'each', forEach: items, window: count, projectId: 'project-{{ item }}' };
  writeFileSync(file, JSON.stringify({ name: 'many', steps: [each] }));
  return file;
}

it('dev with the sandbox starts the 61st run of an hour at once', { timeout: 120_000 }, async () => {
  const { running, address } = await dev();
  expect(running.stderr()).toMatch(/Limits +none; --limits on/);
  const { code, stderr } = await cli(['pipeline', manyRuns(61), '--address', address, '--wait']);
  expect(code, stderr).toBe(0);
});

it('dev --limits on has the 21st run of a minute wait in line', { timeout: 120_000 }, async () => {
  const { running, address } = await dev('--limits', 'on');
  expect(running.stderr()).toMatch(/Limits +Hex's own/);
  await cli(['pipeline', manyRuns(21), '--address', address]);
  const query = ['workflow', 'query', '--workflow-id', 'hex-limiter/hex/default', '--type', 'line'];
  await until('a run waits for the limit of starts', async () =>
    (await cli(['temporal', ...query, '--address', address])).stdout.includes('20 starts a minute'),
  );
});

it('dev --limits off is refused with a real Hex, which has its own limits', async () => {
  const { code, stderr } = await cli(['dev', '--limits', 'off'], { HEX_API_TOKEN: 'a-token' });
  expect(code).toBe(2);
  expect(stderr).toMatch(/--limits: is for the sandbox; .*HEX_LIMITS=false/);
});
