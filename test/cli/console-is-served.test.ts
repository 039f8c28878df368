import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { lazyClient } from '../../src/console/connect.js';
import { cli, startCli } from '../support/cli.js';
import { harness } from '../support/harness.js';

it('prints a link that signs in once, says that no worker is there, and ends on SIGTERM', async () => {
  const { env } = await harness({ worker: false });
  const served = startCli(['console', '--port', '0'], env);
  const [, link = ''] = await served.says(/Console at (http:\/\/127\.0\.0\.1:\d+\/enter\/[\w-]+)/);
  const entered = await fetch(link, { redirect: 'manual' });
  const cookie = String(entered.headers.get('set-cookie')).split(';')[0] ?? '';
  const home = await fetch(new URL('/api/home', link), { headers: { cookie } });
  expect(home.status).toBe(200);
  const answer = (await home.json()) as { notices: { kind: string; remedy: string }[] };
  expect(answer.notices).toContainEqual(
    expect.objectContaining({ kind: 'no-worker', remedy: expect.stringContaining('temporal-hex worker') }),
  );
  await served.says(/For another browser: http/);
  served.child.kill('SIGTERM');
  expect(await served.ended, served.stderr()).toBe(0);
});

it('refuses what would let everybody in, before it listens', async () => {
  for (const [args, path] of [
    [['--host', '0.0.0.0'], '--host'],
    [['--token', 'short'], '--token'],
    [['--trust-proxy-header', 'X Forwarded'], '--trust-proxy-header'],
    [['--trust-proxy-header', 'X-User', '--token', 'long-enough-for-a-token'], '--token'],
  ] as const) {
    const { code, stderr } = await cli(['console', '--port', '0', ...args]);
    expect([args, code]).toEqual([args, 2]);
    expect(stderr).toContain(path);
  }
});

it('starts with keys of encryption, and says what is wrong with settings that it cannot use', async () => {
  for (const [env, what] of [
    [{ HEX_CODEC_KEYS: 'short' }, 'HEX_CODEC_KEYS'],
    [{ TEMPORAL_TLS: 'maybe' }, 'TEMPORAL_TLS'],
  ] as const) {
    const { code, stderr } = await cli(['console', '--port', '0'], env);
    expect([what, code]).toEqual([what, 2]);
    expect(stderr).toContain(what);
  }
  const keys = { HEX_CODEC_KEYS: `2026-11:${randomBytes(32).toString('hex')}` };
  const served = startCli(['console', '--port', '0', '--address', '127.0.0.1:1'], keys);
  await served.says(/Console at \S+/);
  served.child.kill('SIGTERM');
  expect(await served.ended, served.stderr()).toBe(0);
});

it('says on its pages that Temporal is away, within 3 s, instead of ending', async () => {
  const served = startCli(['console', '--port', '0', '--address', '127.0.0.1:1']);
  const [, link = ''] = await served.says(/Console at (\S+)/);
  const entered = await fetch(link, { redirect: 'manual' });
  const cookie = String(entered.headers.get('set-cookie')).split(';')[0] ?? '';
  for (const path of ['/api/home', '/api/pipelines', '/api/schedules', '/api/workers']) {
    const startedMs = Date.now();
    const answer = await fetch(new URL(path, link), { headers: { cookie } });
    expect([path, answer.status]).toEqual([path, 200]);
    expect(Date.now() - startedMs, path).toBeLessThan(3_000);
    const { notices } = (await answer.json()) as { notices: { kind: string }[] };
    expect(
      notices.map(({ kind }) => kind),
      path,
    ).toContain('temporal-away');
  }
  const run = await fetch(new URL('/api/run?workflowId=x', link), { headers: { cookie } });
  expect([run.status, ((await run.json()) as { error: { code: string } }).error.code]).toEqual([503, 'away']);
});

it('its one file of code knows all of Temporal that its pages and buttons need', async () => {
  const { env, temporal, taskQueue } = await harness({ worker: false });
  const bundle = fileURLToPath(new URL('../../dist/console/process.js', import.meta.url));
  const { lazyClient: connect } = (await import(bundle)) as { lazyClient: typeof lazyClient };
  const lean = await connect({ address: env.TEMPORAL_ADDRESS, namespace: env.TEMPORAL_NAMESPACE });
  onTestFinished(() => lean.connection.close());
  const { workflowService } = lean;
  const called = [
    'countWorkflowExecutions',
    'describeTaskQueue',
    'getSystemInfo',
    'listSchedules',
    'queryWorkflow',
  ];
  expect(called.filter((name) => !(name in workflowService))).toEqual([]);

  const workflowId = `lean-${taskQueue}`;
  const handle = await lean.workflow.start('hexPipeline', { taskQueue, workflowId, args: [{ steps: [] }] });
  await handle.signal('anything', { by: 'me' });
  await handle.cancel();
  await handle.terminate('seen');
  expect((await handle.describe()).status.name).toBe('TERMINATED');
  const [seen, whole] = await Promise.all(
    [lean, temporal].map((client) => client.workflow.getHandle(workflowId).fetchHistory()),
  );
  expect(JSON.stringify(seen)).toBe(JSON.stringify(whole));
  expect(seen?.events?.length).toBe(5);

  const schedule = await lean.schedule.create({
    scheduleId: workflowId,
    spec: { calendars: [{ hour: 5 }] },
    action: { type: 'startWorkflow', workflowType: 'hexPipeline', taskQueue, args: [] },
    state: { paused: true },
  });
  onTestFinished(() => schedule.delete());
  await schedule.pause('why');
  await schedule.unpause();
  await schedule.update(
    ({ spec, action, ...rest }) => ({ ...rest, spec, action, state: { note: 'new' } }) as never,
  );
  expect((await schedule.describe()).state.note).toBe('new');
});
