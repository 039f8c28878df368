import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf } from './errors.js';
import { findOnPath } from './inspect.js';
import { type Reporter, seconds, showWhile } from './reporter.js';
import { run, TooSlowError } from './run.js';
import { atLeast, FALLBACK_CLI, findVersion, MINIMUM_GO, PINNED_CLI, PINNED_CLI_GO } from './versions.js';

/** The committed Go module that pins the CLI and, by its go.sum, everything the CLI is made of. */
const TOOLS = fileURLToPath(new URL('../../tools/', import.meta.url));
const CLI_PACKAGE = 'github.com/temporalio/cli/cmd/temporal';

/** Fetching one module takes about a second; a proxy that is silent for this long is not there. */
const PROXY_LIMIT_MS = 30_000;
/** A newer Go is 70 MB to fetch before the first module. */
const TOOLCHAIN_LIMIT_MS = 300_000;
/** Linking, the longest silent step, takes 20 s on two cores. */
const SILENCE_LIMIT_MS = 300_000;

interface Go {
  path: string;
  version: string;
  env: NodeJS.ProcessEnv;
  /** Ends what it does. */
  signal: AbortSignal | undefined;
  /** Whether this Go is, or may fetch, one that is new enough for the pinned CLI. */
  buildsPinned: boolean;
}

/** Builds the CLI from the Go module registry in `folder`; resolves with the executable and its version. */
export async function buildCli(
  folder: string,
  env: NodeJS.ProcessEnv,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<{ file: string; version: string }> {
  const go = await findGo(env, signal);
  let whyNotPinned: string;
  if (go.buildsPinned) {
    try {
      return { file: await buildPinned(go, folder, reporter), version: PINNED_CLI };
    } catch (error) {
      signal?.throwIfAborted();
      // A registry that is silent now is silent for the other version as well.
      if (error instanceof TooSlowError) throw error;
      whyNotPinned = `${PINNED_CLI} did not build: ${reasonOf(error)}`;
    }
  } else {
    whyNotPinned = `${PINNED_CLI} needs Go ${PINNED_CLI_GO}, this is ${go.version} and GOTOOLCHAIN forbids a newer one`;
  }
  reporter.log(`Temporal CLI ${whyNotPinned}`);
  try {
    return { file: await buildFallback(go, folder, reporter), version: FALLBACK_CLI };
  } catch (error) {
    throw new Error(`${whyNotPinned}; ${FALLBACK_CLI} did not build: ${reasonOf(error)}`);
  }
}

async function findGo(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Go> {
  const path = await findOnPath('go', env);
  if (path === null) throw new Error('there is no Go on PATH');
  // Set for other projects, these would build for another machine, or from another module.
  const { GOOS: _os, GOARCH: _arch, GOWORK: _work, ...rest } = env;
  // Without cgo no C compiler is needed and the result runs on any Linux.
  const goEnv: NodeJS.ProcessEnv = { ...rest, GOWORK: 'off', CGO_ENABLED: '0' };
  const [go = '', toolchain = '', userFile = ''] = await run(
    path,
    ['env', 'GOVERSION', 'GOTOOLCHAIN', 'GOENV'],
    {
      env: goEnv,
      limitMs: 15_000,
      signal,
    },
  );
  const version = findVersion(go);
  if (version === null || !atLeast(version, MINIMUM_GO)) {
    throw new Error(`${path} is ${go}; Go ${MINIMUM_GO} or newer is needed`);
  }
  const found = { path, version, env: goEnv, signal };
  if (atLeast(version, PINNED_CLI_GO)) return { ...found, buildsPinned: true };
  // Some distributions ship Go with GOTOOLCHAIN=local as its default. Only what the user has set is a refusal.
  if (toolchain === 'local' && env.GOTOOLCHAIN === undefined && !(await sets(userFile, 'GOTOOLCHAIN'))) {
    return { ...found, env: { ...goEnv, GOTOOLCHAIN: 'auto' }, buildsPinned: true };
  }
  return { ...found, buildsPinned: /auto|path/.test(toolchain) };
}

async function sets(file: string, variable: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').some((line) => line.startsWith(`${variable}=`));
}

async function buildPinned(go: Go, folder: string, reporter: Reporter): Promise<string> {
  // A copy, because the package may lie in a folder that cannot be written to.
  const module = join(folder, 'tools');
  await mkdir(module);
  for (const name of ['go.mod', 'go.sum']) await copyFile(join(TOOLS, name), join(module, name));

  const switching = !atLeast(go.version, PINNED_CLI_GO);
  const first = run(go.path, ['mod', 'download', 'github.com/temporalio/cli'], {
    cwd: module,
    env: go.env,
    signal: go.signal,
    limitMs: switching ? TOOLCHAIN_LIMIT_MS : PROXY_LIMIT_MS,
  });
  const reaching = switching ? `Fetching Go ${PINNED_CLI_GO} or newer` : 'Asking the Go module registry';
  await showWhile(reporter, (elapsed) => `${reaching}, ${elapsed}`, first);

  const file = join(folder, 'temporal');
  const stamp = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${PINNED_CLI}`;
  const args = ['build', '-v', '-mod=readonly', '-ldflags', stamp, '-o', file, CLI_PACKAGE];
  await compile(go, PINNED_CLI, args, { cwd: module, env: go.env }, reporter);
  return file;
}

async function buildFallback(go: Go, folder: string, reporter: Reporter): Promise<string> {
  const bin = join(folder, 'bin');
  const env = { ...go.env, GOBIN: bin };
  await compile(
    go,
    FALLBACK_CLI,
    ['install', '-v', `${CLI_PACKAGE}@v${FALLBACK_CLI}`],
    { cwd: folder, env },
    reporter,
  );
  return join(bin, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
}

async function compile(
  go: Go,
  version: string,
  args: readonly string[],
  where: { cwd: string; env: NodeJS.ProcessEnv },
  reporter: Reporter,
): Promise<void> {
  reporter.log(
    `Building the Temporal CLI ${version} from source with Go ${go.version}: ` +
      'once per machine, about 4 minutes and 4 GB of Go caches on two cores, less when Go has parts of it already',
  );
  const done = { modules: 0, packages: 0 };
  const startedAt = performance.now();
  const work = run(go.path, args, {
    ...where,
    signal: go.signal,
    silenceMs: SILENCE_LIMIT_MS,
    // `-v` prints a line for each module fetched ("go: downloading …") and each package compiled.
    onLine: (line) => {
      if (line.startsWith('go: downloading')) done.modules++;
      else done.packages++;
    },
  });
  const describe = (elapsed: string) =>
    `Building the Temporal CLI ${version}: ${done.modules} modules fetched, ${done.packages} packages compiled, ${elapsed}`;
  await showWhile(reporter, describe, work);
  reporter.log(`Built the Temporal CLI ${version} in ${seconds(performance.now() - startedAt)}`);
}
