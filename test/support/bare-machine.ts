import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { resolveTemporalCli, type TemporalCli } from '../../src/temporal-server/index.js';

/** A machine without a Temporal CLI, made anew for every test. */
export interface BareMachine {
  /** All that it has is in this folder. */
  root: string;
  /** The only folder on PATH; empty. */
  bin: string;
  cacheDir: string;
  /** What was reported so far. */
  lines: string[];
  /** Nothing on PATH but what a test puts there, and a download that is refused at once. */
  env: NodeJS.ProcessEnv;
  resolve(): Promise<TemporalCli>;
}

/** Sets such a machine up before every test of the file, and removes it after. */
export function bareMachine(): BareMachine {
  const machine: BareMachine = {
    root: '',
    bin: '',
    cacheDir: '',
    lines: [],
    env: {},
    resolve: () =>
      resolveTemporalCli({
        env: machine.env,
        cacheDir: machine.cacheDir,
        log: (line) => machine.lines.push(line),
      }),
  };
  beforeEach(async () => {
    const root = await mkdtemp(join(tmpdir(), 'temporal-hex-machine-'));
    const bin = join(root, 'bin');
    await mkdir(bin);
    const env = { PATH: bin, HOME: root, TEMPORAL_HEX_CLI_DOWNLOAD_URL: 'http://127.0.0.1:2' };
    Object.assign(machine, { root, bin, cacheDir: join(root, 'cache'), lines: [], env });
  });
  afterEach(() => rm(machine.root, { recursive: true, force: true }));
  return machine;
}

/** Writes a command of the shell, and gives its path back. */
export async function shellScript(path: string, body: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}
