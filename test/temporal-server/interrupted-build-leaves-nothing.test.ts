import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder, type Running, startCli } from '../support/cli.js';
import { until } from '../support/harness.js';

interface Machine {
  env: Record<string, string>;
  cache: string;
  /** Ids of the processes that the fake `go` or `uv` is made of, once it is under way. */
  builders(): Promise<number[]>;
}

/** A machine without `temporal` and without downloads, whose `go` builds, or whose `uv` installs, for ever with a helper of its own. */
function machine(trap: string, name: 'go' | 'uv' = 'go'): Machine {
  const folder = emptyFolder();
  const bin = join(folder, 'bin');
  const log = join(folder, 'pids');
  mkdirSync(bin);
  const command = join(bin, name);
  writeFileSync(
    command,
    `#!/bin/sh
case "$1" in
  env) echo go1.99.0; echo auto; echo ${folder}/go-env ;;
  build | pip)
    ${trap}
    /bin/sh -c '${trap} echo $$ >> ${log}; exec /bin/sleep 600' &
    echo $$ >> ${log}
    echo "some/package" >&2
    wait; wait ;;
esac
`,
  );
  chmodSync(command, 0o755);
  const builders = () =>
    until(`${name} works`, async () => {
      const pids = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').map(Number) : [];
      return pids.length === 2 && pids;
    });
  const env = {
    PATH: bin,
    HOME: folder,
    XDG_CACHE_HOME: folder,
    TEMPORAL_CLI_PATH: '',
    TEMPORAL_HEX_CLI_DOWNLOAD_URL: 'http://127.0.0.1:2',
  };
  return { env, cache: join(folder, 'temporal-hex', 'cli'), builders };
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended and that nobody waited for is no process any more.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function expectNothingLeft({ cache }: Machine, pids: number[], running: Running): Promise<void> {
  expect(await running.ended, running.stderr()).toBe(130);
  expect(pids.filter(lives)).toEqual([]);
  expect(readdirSync(cache)).toEqual([]);
}

it.each([
  ['demo', 'SIGTERM'],
  ['dev', 'SIGINT'],
] as const)(
  '%s alone gets %s while Go builds the CLI: no process, lock or work folder is left',
  async (name, signal) => {
    const there = machine('');
    const running = startCli([name], there.env);
    const pids = await there.builders();
    running.child.kill(signal);
    await expectNothingLeft(there, pids, running);
    expect(running.stderr()).toMatch(/Stopped\.\n$/);
  },
);

it('the same while uv gets the Python package', async () => {
  const there = machine('', 'uv');
  const running = startCli(['demo'], there.env);
  const pids = await there.builders();
  running.child.kill('SIGTERM');
  await expectNothingLeft(there, pids, running);
});

it('a Go that does not mind the signal is killed', async () => {
  const there = machine('trap "" INT TERM;');
  const running = startCli(['demo'], there.env);
  const pids = await there.builders();
  running.child.kill('SIGTERM');
  await expectNothingLeft(there, pids, running);
});

it('a second signal ends all of it at once', async () => {
  const there = machine('trap "" INT TERM;');
  const running = startCli(['demo'], there.env);
  const pids = await there.builders();
  running.child.kill('SIGINT');
  running.child.kill('SIGTERM');
  await expectNothingLeft(there, pids, running);
});

it('one that waits for the build of another stops waiting, and the other builds on', async () => {
  const there = machine('');
  const building = startCli(['demo'], there.env);
  const pids = await there.builders();
  const waiting = startCli(['demo'], there.env);
  await waiting.says(/Waiting: process \d+ is fetching/);
  waiting.child.kill('SIGTERM');
  expect(await waiting.ended).toBe(130);
  expect(pids.filter(lives)).toEqual(pids);
  building.child.kill('SIGTERM');
  await expectNothingLeft(there, pids, building);
});
