import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanEnv, startProcess } from '../support/cli.js';
import { harness } from '../support/harness.js';
import { server, uniqueTaskQueue } from '../support/server.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
let folder = '';

// The tarball is unpacked beside our own dependencies: what is tested is what is in it, not the registry.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temporal-hex-pack-'));
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  await run('tar', ['-xzf', tarball], { cwd: folder });
  const modules = join(folder, 'node_modules');
  await run('mkdir', [modules]);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  await run('mv', [join(folder, 'package'), join(modules, 'temporal-hex')]);
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function evaluate(code: string, env: Record<string, string> = {}): Promise<string> {
  const file = join(folder, 'try.js');
  await writeFile(file, code);
  const { stdout } = await run(process.execPath, [file], { cwd: folder, env: { ...process.env, ...env } });
  return stdout.trim();
}

it('imports client, worker, activities and sandbox', async () => {
  const code = `
    import { TemporalHexClient } from 'temporal-hex';
    import { connectClient } from 'temporal-hex/client';
    import { createHexWorker, preloadModules, workflowInterceptorModules } from 'temporal-hex/worker';
    import { createActivities } from 'temporal-hex/activities';
    import { startSandbox } from 'temporal-hex/sandbox';
    import { testPipeline } from 'temporal-hex/testing';
    const sandbox = await startSandbox({ port: 0 });
    const answer = await fetch(sandbox.apiUrl + '/projects', { headers: { authorization: 'Bearer x' } });
    await sandbox.close();
    console.log([TemporalHexClient, connectClient, createHexWorker, createActivities, testPipeline].every((f) => typeof f === 'function'),
      preloadModules.length, workflowInterceptorModules.length, answer.status, Object.keys(createActivities({ hex: () => { throw new Error(); } })).includes('triggerRun'));`;
  expect(await evaluate(code)).toBe('true 2 4 200 true');
});

it('has an own worker configured and run by the package alone, and a client that runs a pipeline by it', async () => {
  const code = `
    import { connectClient, ControlRefusedError, RerunError } from 'temporal-hex/client';
    import { createHexClient, HexAuthError } from 'temporal-hex/hex';
    import { startSandbox } from 'temporal-hex/sandbox';
    import { ConfigError, connectToTemporal, createHexWorker, loadConfig } from 'temporal-hex/worker';
    const sandbox = await startSandbox({ port: 0, duration: 50 });
    let refused = null;
    try { loadConfig({ HEX_BASE_URL: sandbox.url }); } catch (error) { refused = error instanceof ConfigError; }
    const taskQueue = process.env.QUEUE;
    const config = loadConfig({ HEX_BASE_URL: sandbox.url, HEX_API_TOKEN: 'secret', HEX_TASK_QUEUE: taskQueue, HEX_LIMITS: 'off', HEX_JANITOR: 'off' });
    const { connection, namespace } = await connectToTemporal();
    const worker = await createHexWorker({ connection, namespace, config });
    const hex = await connectClient({ taskQueue });
    const result = await worker.runUntil(async () => {
      const { workflowId } = await hex.startPipeline({ steps: [{ projectId: 'a' }, { projectId: 'b' }] });
      return hex.result(workflowId);
    });
    const runs = sandbox.ledger().runs.map((run) => run.projectId).join();
    await hex.close();
    await connection.close();
    await sandbox.close();
    const classes = [ControlRefusedError, RerunError, HexAuthError].every((one) => one.prototype instanceof Error);
    console.log(refused, result.success, runs, classes, typeof createHexClient);`;
  const env = {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
    QUEUE: uniqueTaskQueue(),
  };
  expect(await evaluate(code, env)).toBe('true true a,b true function');
});

it.each(['nodenext', 'bundler'])(
  'type-checks in a strict project with module resolution %s',
  async (kind) => {
    const module = kind === 'nodenext' ? 'nodenext' : 'esnext';
    const compilerOptions = {
      module,
      moduleResolution: kind,
      target: 'es2022',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    const project = join(folder, `consumer-${kind}`);
    await run('mkdir', [project]);
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, types: ['node'] } }),
    );
    await writeFile(join(project, 'package.json'), '{"type": "module"}');
    await writeFile(join(project, 'consumer.ts'), CONSUMER);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', project], { cwd: folder });
    expect(stdout).toBe('');
  },
);

const CONSUMER = `
  import { connectClient, type HexPipelineInput, type HexRunResult, pipeline, type PipelineProgress } from 'temporal-hex';
  import { createActivities } from 'temporal-hex/activities';
  import { ControlRefusedError, TemporalHexClient } from 'temporal-hex/client';
  import { createHexClient, type HexProject } from 'temporal-hex/hex';
  import { startSandbox } from 'temporal-hex/sandbox';
  import { type Config, createHexWorker, hexDependencies, loadConfig } from 'temporal-hex/worker';
  import type { hexRun } from 'temporal-hex/workflows';
  const input: HexPipelineInput = { steps: [{ projectId: 'a', timeout: '1h' }] };
  // @ts-expect-error a misspelt field does not compile
  const wrong: HexPipelineInput = { steps: [{ projectId: 'a', timeOut: '1h' }] };
  export const config: Config = loadConfig({});
  export const uses = [connectClient, pipeline, createActivities, ControlRefusedError, TemporalHexClient, createHexClient, startSandbox, createHexWorker, hexDependencies, input, wrong];
  export type Uses = [HexRunResult, PipelineProgress, HexProject, typeof hexRun];
`;

it('runs its command', async () => {
  const { stdout } = await run(process.execPath, [
    join(folder, 'node_modules/temporal-hex/dist/cli.js'),
    '--version',
  ]);
  expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
});

it("lets another team's bundle take in our workflows: examples/own-worker runs them beside its own", async () => {
  const rig = await harness({ worker: false });
  // Where they are told to look for their own, they are no package.
  await run('cp', ['-r', join(folder, 'node_modules/temporal-hex/examples/own-worker'), folder]);
  const args = ['--import', 'tsx', join(folder, 'own-worker/worker.ts')];
  const worker = startProcess(process.execPath, args, cleanEnv(rig.env), folder);
  const month = await rig.temporal.workflow.execute('monthEnd', {
    taskQueue: rig.taskQueue,
    workflowId: rig.taskQueue,
    args: ['2026-01'],
  });
  expect(month, worker.stderr()).toMatch(/^2026-01: http/);
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
});

it('carries no test, no bench and no secret, and is small', async () => {
  const { stdout } = await run(
    'tar',
    ['-tzf', (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? ''],
    {
      cwd: folder,
    },
  );
  const files = stdout.split('\n');
  expect(files.filter((file) => /(^|\/)(test|bench|\.env|node_modules)(\/|$)/.test(file))).toEqual([]);
  expect(files).toContain('package/tools/go.sum');
});
