import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { store } from '../../src/temporal-server/cache.js';
import { PINNED_CLI } from '../../src/temporal-server/versions.js';
import { CLI, cleanEnv, cli, emptyFolder, finish, startCli } from '../support/cli.js';
import { server } from '../support/server.js';

/** A `temporal` of shell. Every one answers to --version, as the real one does. */
function fakeTemporal(folder: string, body: string): string {
  const path = join(folder, 'temporal');
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$*" = --version ] && { echo "temporal version ${PINNED_CLI}"; exit 0; }\n${body}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** With this `temporal` as the only command on the PATH. */
function onPath(body: string): Record<string, string> {
  const folder = emptyFolder();
  fakeTemporal(folder, body);
  return { PATH: folder, TEMPORAL_CLI_PATH: '' };
}

it('arguments arrive as they are', async () => {
  const args = [
    'workflow',
    'start',
    '--address',
    'here:1',
    '-o',
    '',
    '--input',
    '{"a": "b c"}',
    '--json',
    '--help',
    '--',
    '-x',
  ];
  const env = onPath(`for a in "$@"; do echo "<$a>"; done`);
  expect(await cli(['temporal', ...args], env)).toEqual({
    code: 0,
    stdout: args.map((arg) => `<${arg}>\n`).join(''),
    stderr: '',
  });
});

it('input, output, errors, environment and exit code are its own', () => {
  const env = onPath('read line; echo "out $line $TEMPORAL_NAMESPACE"; echo err >&2; exit 7');
  const ended = spawnSync(process.execPath, [CLI, 'temporal', 'x'], {
    env: cleanEnv({ ...env, TEMPORAL_NAMESPACE: 'mine' }),
    cwd: emptyFolder(),
    input: 'a line\n',
    encoding: 'utf8',
  });
  expect([ended.status, ended.stdout, ended.stderr]).toEqual([7, 'out a line mine\n', 'err\n']);
});

it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s is handed on, and it decides what comes of it',
  async (signal) => {
    const running = startCli(
      ['temporal', 'x'],
      onPath(
        `trap 'echo tidied; exit 42' ${signal.slice(3)}; echo up; /bin/sleep 60 >/dev/null 2>&1 & wait $!`,
      ),
    );
    await running.says(/up/);
    running.child.kill(signal);
    expect(await finish(running)).toEqual({ code: 42, stdout: 'up\ntidied\n', stderr: '' });
  },
);

it('a death by a signal is told as a shell tells it', async () => {
  expect((await cli(['temporal', 'x'], onPath('kill -9 $$'))).code).toBe(137);
});

it('without one on the PATH it is the one that was fetched for dev', async () => {
  const home = emptyFolder();
  const cache = join(home, 'temporal-hex', 'cli');
  mkdirSync(cache, { recursive: true });
  await store(cache, PINNED_CLI, fakeTemporal(home, 'echo fetched'));
  const env = { PATH: '/nowhere', TEMPORAL_CLI_PATH: '', XDG_CACHE_HOME: home, HOME: home };
  expect(await cli(['temporal', 'x'], env)).toEqual({ code: 0, stdout: 'fetched\n', stderr: '' });
});

it('without any, the attempts are listed and the code is 3', async () => {
  const env = {
    PATH: '/nowhere',
    TEMPORAL_CLI_PATH: '',
    XDG_CACHE_HOME: emptyFolder(),
    TEMPORAL_HEX_CLI_DOWNLOAD_URL: 'http://127.0.0.1:2',
  };
  const { code, stdout, stderr } = await cli(['temporal', 'workflow', 'list'], env);
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/No usable Temporal CLI\. Tried:.*a build with Go/s);
});

it('reaches a server as the temporal command does', async () => {
  const { code, stdout, stderr } = await cli(['temporal', 'operator', 'namespace', 'list', '-o', 'json'], {
    TEMPORAL_ADDRESS: server.address,
  });
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`"${server.namespace}"`);
});

it('an option of ours before it is refused with the mend', async () => {
  const { code, stderr } = await cli(['--json', 'temporal', 'workflow', 'list']);
  expect(code).toBe(2);
  expect(stderr).toContain('Write "temporal-hex temporal" first');
});
