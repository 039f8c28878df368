import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { limiterEventsSignal } from '../../src/contract/messages.js';
import type { Diagnosis } from '../../src/doctor/index.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { type DevServer, startDevServer } from '../../src/temporal-server/index.js';
import { cli } from '../support/cli.js';
import { type Harness, harness, TOKEN, until } from '../support/harness.js';
import { server, uniqueTaskQueue } from '../support/server.js';

/** A server of its own: the doctor looks at all schedules of a namespace, and at its search attributes. */
let own: DevServer;
beforeAll(async () => {
  own = await startDevServer({ cli: { path: server.cli }, port: 0, uiPort: false });
});
afterAll(() => own?.stop());

async function rigOn(env: Record<string, string> = {}, worker = false): Promise<Harness> {
  const rig = await harness({
    ...{ address: own.address, worker },
    env: { HEX_JANITOR: 'report', HEX_LIMITS: 'on', ...env },
  });
  if (worker) await until('its worker asks for work', () => isAsked(rig));
  return rig;
}

/** Whether the server has seen a worker ask for tasks of workflows. */
async function isAsked({ temporal, taskQueue }: Harness): Promise<boolean> {
  const { pollers } = await temporal.workflowService.describeTaskQueue({
    ...{ namespace: 'default', taskQueue: { name: taskQueue }, taskQueueType: 1 },
  });
  return pollers.length > 0;
}

interface Examined {
  code: number | null;
  printed: string;
  diagnosis: Diagnosis;
  check(id: string): Diagnosis['checks'][number];
}

async function doctor(env: Record<string, string>): Promise<Examined> {
  const { code, stdout, stderr } = await cli(['doctor', '--json'], env);
  const diagnosis = JSON.parse(stdout) as Diagnosis;
  const check = (id: string) => {
    const found = diagnosis.checks.find((one) => one.id === id);
    if (!found) throw new Error(`No check ${id}: ${diagnosis.checks.map((one) => one.id).join(', ')}`);
    return found;
  };
  return { code, printed: stdout + stderr, diagnosis, check };
}

describe('doctor', () => {
  it('names the search attributes that are missing, with the command for this server', async () => {
    const { env } = await rigOn();
    const { code, check } = await doctor(env);
    expect(check('temporal.search-attributes')).toMatchObject({
      state: 'warn',
      text: expect.stringMatching(/Missing: HexProjectId, .*HexKey/),
      remedy: expect.stringMatching(
        /^temporal operator search-attribute create --name HexProjectId --type Keyword .*--namespace default$/,
      ),
    });
    expect(check('workers')).toMatchObject({ state: 'failed', blame: 'work' });
    expect(code).toBe(1);
  });

  it('finds a set-up healthy that is, in twenty checks and more, within 5 s, and prints no secret', async () => {
    const rig = await rigOn(
      { HEX_NOTIFY_OPS_URL: 'https://hooks.example/s3cr3t', HEX_NOTIFY_ALERTS: 'ops' },
      true,
    );
    await until('the janitor has its schedules', async () => {
      for await (const { scheduleId } of rig.temporal.schedule.list()) {
        if (scheduleId.includes(rig.taskQueue)) return true;
      }
      return false;
    });
    // A wait that looks again and again is well.
    const steps = [{ waitFor: { workflow: 'comes later', every: '100ms' } }];
    const waiting = await rig.hex.startPipeline({ steps } as never);
    await until('it has looked often', async () => {
      const { pendingActivities } = (await waiting.describe()).raw;
      return pendingActivities?.some(({ attempt }) => (attempt ?? 0) > 4);
    });
    const { code, printed, diagnosis } = await doctor(rig.env);
    const bad = diagnosis.checks.filter(({ state }) => state === 'warn' || state === 'failed');
    expect(bad).toEqual([]);
    expect({ code, healthy: diagnosis.healthy }).toEqual({ code: 0, healthy: true });
    expect(diagnosis.checks.length).toBeGreaterThanOrEqual(20);
    expect(diagnosis.tookMs).toBeLessThan(5_000);
    expect(printed).not.toContain(TOKEN);
    expect(printed).not.toContain('s3cr3t');
    const text = await cli(['doctor'], rig.env);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/✓ temporal\.server {2}Temporal \d+\.\d+/);
    expect(text.stdout).toMatch(/\d+ ok, 0 warnings, 0 failed, \d+ skipped/);
    await waiting.terminate();
  });

  it('names each wrong setting of Temporal, and still looks at Hex', async () => {
    const refusing = createServer((_request: Http2ServerRequest, response: Http2ServerResponse) => {
      response.writeHead(401);
      response.end();
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void refusing.close());
    const { env } = await rigOn();
    const cases: [Record<string, string>, string, RegExp, number][] = [
      [{ TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'temporal.server', /ECONNREFUSED/, 3],
      [{ TEMPORAL_TLS: 'true' }, 'temporal.tls', /speaks no TLS/, 2],
      [
        { TEMPORAL_ADDRESS: `127.0.0.1:${(refusing.address() as AddressInfo).port}` },
        'temporal.key',
        /401/,
        2,
      ],
      [{ TEMPORAL_NAMESPACE: 'nope' }, 'temporal.namespace', /no namespace "nope"/, 2],
      [{ TEMPORAL_TLS: 'tru' }, 'temporal.settings', /TEMPORAL_TLS is "tru"/, 2],
    ];
    for (const [settings, id, words, exit] of cases) {
      const { code, diagnosis, check } = await doctor({ ...env, ...settings });
      expect(check(id), id).toMatchObject({ state: 'failed', text: expect.stringMatching(words) });
      expect(check(id).remedy, id).toMatch(/\w{3}/);
      expect(check('hex.default.token').state).toBe('ok');
      expect(code, id).toBe(exit);
      expect(diagnosis.tookMs).toBeLessThan(5_000);
    }
  });

  it('tells a bad connection and one that cannot be reached from a good one, and names its variable', async () => {
    const finance = await startSandbox({ port: 0, tokens: ['another-token'] });
    onTestFinished(() => finance.close());
    const gone = await startSandbox({ port: 0 });
    await gone.close();
    const { env } = await rigOn({
      HEX_CONNECTION_FINANCE_BASE_URL: finance.url,
      HEX_CONNECTION_FINANCE_API_TOKEN: TOKEN,
      HEX_CONNECTION_OPS_BASE_URL: gone.url,
      HEX_CONNECTION_OPS_API_TOKEN: TOKEN,
    });
    const { code, printed, check } = await doctor(env);
    expect(check('hex.default.token').state).toBe('ok');
    expect(check('hex.ops.token')).toMatchObject({
      state: 'failed',
      blame: 'hex',
      text: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.1:/),
    });
    expect(check('hex.finance.token')).toMatchObject({
      state: 'failed',
      blame: 'hex',
      text: expect.stringContaining('401'),
      remedy: expect.stringContaining('HEX_CONNECTION_FINANCE_API_TOKEN'),
    });
    expect(check('hex.finance.projects').state).toBe('skipped');
    // The missing worker comes first.
    expect(code).toBe(1);
    expect(printed).not.toContain(TOKEN);
  });

  it('knows when the token expires, what it may do, and whose clock is wrong', async () => {
    const readOnly = `hxtw_${'1'.repeat(40)}`;
    // Told at once, three days to the second would be three days.
    const soon = new Date(Date.now() + 2.98 * 86_400_000).toISOString();
    const { env, sandbox } = await rigOn({ HEX_API_TOKEN: readOnly });
    const strange = await startSandbox({
      port: 0,
      readOnlyTokens: [readOnly],
      tokenExpiresAt: soon,
      now: () => Date.now() - 3_600_000,
    });
    onTestFinished(() => strange.close());
    const { check } = await doctor({ ...env, HEX_BASE_URL: strange.url });
    expect(check('hex.default.expiry')).toMatchObject({
      state: 'warn',
      text: expect.stringContaining('in 2d 23h'),
    });
    expect(check('hex.default.scope')).toMatchObject({
      state: 'failed',
      remedy: expect.stringContaining('Run projects'),
    });
    expect(check('hex.default.clock')).toMatchObject({
      state: 'warn',
      text: expect.stringContaining('1h 00m ahead'),
    });
    expect(strange.ledger().runs).toEqual([]);
    const good = await doctor(env);
    expect(good.check('hex.default.scope').text).toContain('may start runs');
    expect(sandbox.ledger().runs).toEqual([]);
  });

  it('lists what is misspelt in the environment, and goes on with the rest', async () => {
    const { env } = await rigOn();
    const { code, check } = await doctor({ ...env, HEX_BASEURL: 'https://x' });
    expect(check('configuration')).toMatchObject({
      state: 'failed',
      text: expect.stringContaining('HEX_BASEURL'),
    });
    expect(check('temporal.namespace').state).toBe('ok');
    expect(code).toBe(2);
    const bare = { TEMPORAL_ADDRESS: own.address };
    expect((await doctor(bare)).check('hex')).toMatchObject({ state: 'skipped' });
  });

  it('sees limits that differ from the environment, and a janitor that is paused, or of a connection that is gone', async () => {
    const finance = await startSandbox({ port: 0 });
    onTestFinished(() => finance.close());
    const rig = await rigOn(
      { HEX_CONNECTION_FINANCE_BASE_URL: finance.url, HEX_CONNECTION_FINANCE_API_TOKEN: TOKEN },
      true,
    );
    const limiter = rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/default`);
    await limiter.signal(limiterEventsSignal, [{ type: 'settings', patch: { kernels: 10 } }]);
    const janitor = rig.temporal.schedule.getHandle(`hex-janitor/${rig.taskQueue}/default/quick`);
    await janitor.pause('too loud');
    expect((await doctor(rig.env)).check('janitor.left-behind')).toMatchObject({ state: 'ok' });
    const without = Object.entries(rig.env).filter(([name]) => !name.startsWith('HEX_CONNECTION_FINANCE_'));
    const { code, check } = await doctor(Object.fromEntries(without));
    expect(check('janitor.left-behind')).toMatchObject({
      state: 'warn',
      text: 'It still looks for runs of finance, of which nothing is set in this environment.',
      remedy: expect.stringContaining(
        `temporal schedule delete --schedule-id hex-janitor/${rig.taskQueue}/finance/full`,
      ),
    });
    expect(check('limiter.default')).toMatchObject({
      state: 'warn',
      text: expect.stringContaining('kernels 10 (here 25)'),
    });
    expect(check('janitor.default')).toMatchObject({
      state: 'warn',
      remedy: expect.stringContaining(`--unpause --schedule-id hex-janitor/${rig.taskQueue}/default/quick`),
    });
    expect(code).toBe(0);
  });

  it('sees a schedule whose queue nobody serves, one that is paused, and what is cancelled and waits', async () => {
    const rig = await rigOn();
    const taskQueue = uniqueTaskQueue('hexx');
    for (const [scheduleId, paused] of [
      [`typo-${taskQueue}`, false],
      [`rests-${taskQueue}`, true],
    ] as const) {
      await rig.temporal.schedule.create({
        scheduleId,
        spec: { cronExpressions: ['0 6 * * *'], timezone: 'Europe/Berlin' },
        state: { paused, note: paused ? 'holidays' : '' },
        action: {
          type: 'startWorkflow',
          workflowType: 'hexPipeline',
          taskQueue,
          workflowId: scheduleId,
          args: [{}],
        },
      });
      onTestFinished(() => rig.temporal.schedule.getHandle(scheduleId).delete());
    }
    const { workflowId } = await rig.hex.startRun({ projectId: 'sales' }, { workflowId: rig.taskQueue });
    await rig.hex.cancel(workflowId);
    const { check } = await until('the lists know of them', async () => {
      const seen = await doctor(rig.env);
      const listed = seen.check('schedules.queues').state === 'failed';
      return listed && seen.check('workflows.clean-ups').state === 'warn' && seen;
    });
    expect(check('schedules.queues').text).toContain(`no worker asks task queue "${taskQueue}"`);
    expect(check('schedules.paused').text).toContain(`rests-${taskQueue} (holidays)`);
    expect(check('schedules.clock-change').text).toMatch(/Europe\/Berlin, by 1h 00m/);
    expect(check('workflows.clean-ups').text).toContain(workflowId);
    await rig.temporal.workflow.getHandle(workflowId).terminate();
  });

  it('sees workflow tasks that fail again and again', async () => {
    const rig = await rigOn();
    const { workflowService } = rig.temporal;
    const { workflowId } = await rig.hex.startRun({ projectId: 'sales' }, { workflowId: rig.taskQueue });
    for (let tries = 0; tries < 2; tries++) {
      const { taskToken } = await rig.temporal.withDeadline(Date.now() + 30_000, () =>
        workflowService.pollWorkflowTaskQueue({ namespace: 'default', taskQueue: { name: rig.taskQueue } }),
      );
      await workflowService.respondWorkflowTaskFailed({ namespace: 'default', taskToken, cause: 26 });
    }
    const { check } = await until('the server has counted the tries', async () => {
      const seen = await doctor(rig.env);
      return seen.check('workflows.tasks').state === 'failed' && seen;
    });
    expect(check('workflows.tasks').text).toContain(workflowId);
    await rig.temporal.workflow.getHandle(workflowId).terminate();
  });

  it('sees a build that nobody made current', async () => {
    const rig = await rigOn(
      { HEX_WORKER_DEPLOYMENT: uniqueTaskQueue('dep'), HEX_WORKER_BUILD_ID: 'b1' },
      true,
    );
    const { code, check } = await doctor(rig.env);
    expect(check('workers.builds')).toMatchObject({
      state: 'failed',
      remedy: expect.stringMatching(
        /^temporal worker deployment set-current-version --deployment-name dep-[\w-]+ --build-id b1$/,
      ),
    });
    expect(code).toBe(1);
  });
});
