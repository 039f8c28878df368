import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LockFile } from '../../scripts/lock-file.js';
import { cleanEnv, startProcess } from '../support/cli.js';
import { FAST, harness } from '../support/harness.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
let before: number;

const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

function bytesOf(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** What the image's build has before it is made slim: the build, its packages, the native library of this platform. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-hex-image-'));
  for (const name of ['package.json', 'package-lock.json', 'dist'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  const { packages }: LockFile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const own = process.arch === 'arm64' ? 'aarch64-unknown-linux-gnu' : 'x86_64-unknown-linux-gnu';
  const paths = Object.entries(packages).filter(
    ([path, { dev }]) => path && !dev && existsSync(join(root, path)),
  );
  for (const [path] of paths) {
    cpSync(join(root, path), join(folder, path), {
      recursive: true,
      filter: (source) => !/core-bridge\/releases\/./.test(source) || source.includes(own),
    });
  }
  before = bytesOf(join(folder, 'node_modules'));
  expect(node(join(root, 'docker/slim-modules.mjs'), folder)).toMatchObject({ status: 0, stderr: '' });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packages of the image', () => {
  it('take less than half of what the packages of npm take', () => {
    expect(bytesOf(join(folder, 'node_modules'))).toBeLessThan(before / 2);
    for (const gone of ['webpack/lib', '@swc/core/binding.js', 'terser', 'memfs/lib'])
      expect(existsSync(join(folder, 'node_modules', gone)), gone).toBe(false);
  });

  it('run a worker, encryption included', async () => {
    const HEX_CODEC_KEYS = `a:${'5e'.repeat(32)}`;
    const rig = await harness({ worker: false, env: { HEX_CODEC_KEYS } });
    const worker = startProcess(
      process.execPath,
      [join(folder, 'dist/cli.js'), 'worker'],
      cleanEnv(rig.env),
      folder,
    );
    await worker.says(/works on task queue/);
    const run = await rig.hex.startRun({ projectId: 'sales', ...FAST });
    expect(await run.result()).toMatchObject({ success: true });
  });

  it('say what is missing to somebody who bundles workflows of his own', () => {
    const { status, stderr } = node(
      '--input-type=module',
      '--eval',
      "import { bundleWorkflowCode } from '@temporalio/worker'; await bundleWorkflowCode({ workflowsPath: '/nowhere.js' });",
    );
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/This image has no memfs/),
    });
  });
});
