import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cli, emptyFolder } from '../support/cli.js';

const REGIONS = new URL('../../examples/regions.yaml', import.meta.url).pathname;

/** An environment in which every call to Temporal and to Hex is counted. */
async function countedCalls() {
  let calls = 0;
  const listener = createServer((socket) => {
    calls++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void listener.close());
  await once(listener, 'listening');
  const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const env = { TEMPORAL_ADDRESS: address, HEX_BASE_URL: `http://${address}`, HEX_API_TOKEN: 'a-token' };
  return { env, calls: () => calls };
}

it('lists every problem of a pipeline at once, and sends nothing', async () => {
  const { env, calls } = await countedCalls();
  const file = join(emptyFolder(), 'bad.yaml');
  writeFileSync(
    file,
    `name: bad
params:
  date: { type: date, default: tomorrow }
steps:
  - { id: a, dependsOn: b, projectId: a/b }
  - { id: b, dependsOn: a, projectId: c, timeout: soon }
  - { id: b, projectid: d }
`,
  );
  const { code, stdout, stderr } = await cli(['plan', file, '-p', 'date'], env);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  for (const where of [
    '-p date',
    'params.date.default',
    'steps[0].projectId',
    'steps[1].timeout',
    'steps[2]',
  ])
    expect(stderr).toContain(`${where}: `);
  expect(calls()).toBe(0);
});

it('prints the order, what may run at the same time, and what it costs', async () => {
  const { env, calls } = await countedCalls();
  const { code, stdout, stderr } = await cli(['plan', REGIONS, '-p', 'regions=["emea","apac"]'], env);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^regions: 4 steps in 4 levels, at most 2 at once; 4 runs of Hex, about \d+ reads/);
  expect(stdout).toMatch(/ 2 {2}per-region x2 +project transform-project-id \(after extract\)\n/);
  expect(calls()).toBe(0);
});

it('prints the same as JSON and as a Mermaid flow chart', async () => {
  const json = await cli(['plan', REGIONS, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    name: 'regions',
    levels: [['extract'], ['per-region'], ['publish'], ['load']],
    atOnce: 2,
    calls: { starts: 5 },
  });
  const chart = await cli(['plan', REGIONS, '--mermaid']);
  expect(chart.stdout).toMatch(/^flowchart LR\n {2}s0\["extract"\]\n {2}s1\["per-region x3"\]\n/);
  expect(chart.stdout).toContain('  s2 --> s3\n');
});
