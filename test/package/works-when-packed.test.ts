import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';

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
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  await run('mv', [join(folder, 'package'), join(modules, 'temporal-hex')]);
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function evaluate(code: string): Promise<string> {
  const file = join(folder, 'try.js');
  await writeFile(file, code);
  const { stdout } = await run(process.execPath, [file], { cwd: folder });
  return stdout.trim();
}

it('imports client, worker, activities and sandbox', async () => {
  const code = `
    import { TemporalHexClient } from 'temporal-hex';
    import { connectClient } from 'temporal-hex/client';
    import { createHexWorker, preloadModules, workflowInterceptorModules } from 'temporal-hex/worker';
    import { createActivities } from 'temporal-hex/activities';
    import { startSandbox } from 'temporal-hex/sandbox';
    const sandbox = await startSandbox({ port: 0 });
    const answer = await fetch(sandbox.apiUrl + '/projects', { headers: { authorization: 'Bearer x' } });
    await sandbox.close();
    console.log([TemporalHexClient, connectClient, createHexWorker, createActivities].every((f) => typeof f === 'function'),
      preloadModules.length, workflowInterceptorModules.length, answer.status, Object.keys(createActivities({ hex: () => { throw new Error(); } })).includes('triggerRun'));`;
  expect(await evaluate(code)).toBe('true 2 1 200 true');
});

it('runs its command', async () => {
  const { stdout } = await run(process.execPath, [
    join(folder, 'node_modules/temporal-hex/dist/cli.js'),
    '--version',
  ]);
  expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
});

it("lets another team's bundle take in our workflows", async () => {
  const workflowsPath = join(folder, 'workflows.js');
  await writeFile(
    workflowsPath,
    "export * from 'temporal-hex/workflows';\nexport async function theirs() {}\n",
  );
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  for (const type of ['hexRun', 'hexPipeline', 'theirs']) expect(code).toContain(type);
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
