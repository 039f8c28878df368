import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.js';
import { emptyFolder, finish, listens, type Running, startCli } from '../support/cli.js';

/** Ports of all that the demo or the dev command has started. */
async function portsOf(running: Running): Promise<number[]> {
  const patterns = [
    /Temporal +127\.0\.0\.1:(\d+)/,
    /Hex +http:\/\/127\.0\.0\.1:(\d+)/,
    /Web UI +http:\/\/127\.0\.0\.1:(\d+)/,
  ];
  const found = await Promise.all(patterns.map((pattern) => running.says(pattern)));
  return found.map(([, port]) => Number(port));
}

async function expectGone(ports: number[]): Promise<void> {
  const open = await Promise.all(ports.map(listens));
  expect(open).toEqual(ports.map(() => false));
}

it('runs the pipeline to its end, ends with 0 and leaves nothing running', { timeout: 120_000 }, async () => {
  const demo = startCli(['demo', '--port', '0']);
  const ports = await portsOf(demo);
  expect(await Promise.all(ports.map(listens))).toEqual([true, true, true]);
  const { code, stdout, stderr } = await finish(demo);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/extract +COMPLETED .*\ntransform +COMPLETED .*\nload +COMPLETED /);
  expect(stderr).toContain('What to try next');
  expect(stderr).not.toMatch(/WARN|ERROR/);
  await expectGone(ports);
});

it('ends with another code when the pipeline fails', { timeout: 120_000 }, async () => {
  const folder = emptyFolder();
  const script = join(folder, 'faults.yaml');
  writeFileSync(script, '- { match: { projectId: transform-project-id }, endAs: ERRORED }\n');
  const demo = startCli(['demo', '--port', '0', '--script', script], {}, folder);
  const ports = await portsOf(demo);
  const { code, stdout, stderr } = await finish(demo);
  expect(code).toBe(1);
  expect(stdout).toMatch(/transform +FAILED/);
  expect(stdout).not.toMatch(/load +COMPLETED/);
  expect(stderr).toContain('Open the run in Hex');
  await expectGone(ports);
});

it('runs a pipeline in the Hex of the environment, says which token that Hex refuses, and cancels its runs there on Ctrl-C', {
  timeout: 120_000,
}, async () => {
  await using hex = await startSandbox({ duration: 'forever' });
  await using finance = await startSandbox({ tokens: ['another-token'] });
  const folder = emptyFolder();
  writeFileSync(join(folder, 'long.yaml'), 'name: long\nsteps:\n  - { id: long, projectId: long }\n');
  const env = {
    HEX_BASE_URL: hex.url,
    HEX_API_TOKEN: 'a-token',
    HEX_CONNECTION_FINANCE_BASE_URL: finance.url,
    HEX_CONNECTION_FINANCE_API_TOKEN: 'a-token',
  };
  const demo = startCli(['demo', '--port', '0', '--pipeline', 'long.yaml'], env, folder);
  const [temporal = 0, hexPort, ui = 0] = await portsOf(demo);
  expect(hexPort).toBe(hex.port);
  await demo.says(/Connection "finance" can start nothing: .*401.* HEX_CONNECTION_FINANCE_API_TOKEN/);
  await hex.waitFor(({ runs }) => runs.length === 1);
  demo.child.kill('SIGINT');
  expect(await demo.ended, demo.stderr()).toBe(130);
  expect(hex.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  await expectGone([temporal, ui]);
});

it('dev answers, and goes on Ctrl-C with all that it started', { timeout: 120_000 }, async () => {
  const dev = startCli(['dev', '--port', '0', '--duration', '100ms', '--task-queue', 'dev-test']);
  const ports = await portsOf(dev);
  await dev.says(/Ctrl-C ends all of it/);
  const run = startCli([
    'run',
    'sales',
    '--address',
    `127.0.0.1:${ports[0]}`,
    '--task-queue',
    'dev-test',
    '--wait',
  ]);
  expect(await run.ended, run.stderr()).toBe(0);
  expect((await fetch(`http://127.0.0.1:${ports[2]}`)).ok).toBe(true);
  dev.child.kill('SIGINT');
  expect(await dev.ended, dev.stderr()).toBe(0);
  await expectGone(ports);
});
