import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { atLeast, findVersion } from '../../src/temporal-server/versions.js';
import { CLI, cleanEnv, emptyFolder, finish, startProcess } from '../support/cli.js';
import { harness } from '../support/harness.js';
import { server } from '../support/server.js';

const version = findVersion(execFileSync(server.cli, ['--version'], { encoding: 'utf8' })) ?? '0.0';

/** `temporal hex ...` with the real executable and ours on the path, as an installed package puts it there. */
function temporalHex(args: string[], env: Record<string, string> = {}) {
  const folder = emptyFolder();
  symlinkSync(CLI, join(folder, 'temporal-hex'));
  const path = `${folder}${delimiter}${process.env.PATH}`;
  return finish(startProcess(server.cli, ['hex', ...args], cleanEnv({ ...env, PATH: path }), folder));
}

it.runIf(atLeast(version, '1.6'))('hands on arguments, output format and exit code', async () => {
  const { env, sandbox } = await harness();
  const good = await temporalHex(
    ['run', 'sales', '-p', 'date=2026-01-31', '--wait', '--output', 'json'],
    env,
  );
  expect(good.code, good.stderr).toBe(0);
  expect(JSON.parse(good.stdout)).toMatchObject({ success: true, projectId: 'sales' });
  expect(sandbox.ledger().runs[0]?.inputParams).toEqual({ date: '2026-01-31' });
  sandbox.settings({ duration: 'forever' });
  const late = await temporalHex(['run', 'sales', '--timeout', '300ms', '--wait'], env);
  expect(late.code).toBe(5);
});

it.runIf(atLeast(version, '1.6'))('hands on the flags that choose a server', async () => {
  const { env, temporal } = await harness();
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: _namespace, ...hexOnly } = env;
  const workflowId = `by-flags-${env.HEX_TASK_QUEUE}`;
  const byFlag = await temporalHex(
    ['run', 'sales', '--address', address ?? '', '--workflow-id', workflowId, '--wait'],
    hexOnly,
  );
  expect(byFlag.code, byFlag.stderr).toBe(0);
  const file = join(emptyFolder(), 'temporal.toml');
  writeFileSync(file, `[profile.here]\naddress = "${address}"\n`);
  const profile = ['--config-file', file, '--profile', 'here', '--disable-config-env'];
  const byProfile = await temporalHex(['cancel', workflowId, ...profile], {
    ...hexOnly,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
  expect(byProfile.code).toBe(0);
  expect(byProfile.stderr).toContain(`${workflowId} has ended already: COMPLETED`);
  expect((await temporal.workflow.getHandle(workflowId).describe()).status.name).toBe('COMPLETED');
});
