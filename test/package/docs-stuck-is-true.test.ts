import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PipelineProgress, StepProgress } from '../../src/pipeline/execution/result.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { cli } from '../support/cli.js';
import { Figures } from '../support/figures.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { hexGate } from '../support/hex-gate.js';
import { server } from '../support/server.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/stuck.md', import.meta.url)), 'utf8');

/** The lines that the page shows under a heading, as patterns: numbers, queues and times are other ones here. */
function shownUnder(heading: string, names: Record<string, string> = {}): RegExp[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  const lines = [...own.matchAll(/```text\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  expect(lines.length, heading).toBeGreaterThan(0);
  return lines.map((line) => {
    const here = Object.entries(names).reduce(
      (text, [there, name]) => text.replaceAll(there, name),
      line.trim(),
    );
    const pattern = here
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/since \d\d:\d\d UTC: start/, '(since \\d\\d:\\d\\d UTC|in the last minutes): start')
      .replace(/\d+m \d+s|\d+\\\.\d+s/g, '[\\d.]+\\w+( \\d+s)?')
      .replace(/(?<![\\[])\b\d+/g, '\\d+')
      .replace(/ {2,}/g, ' +');
    return new RegExp(pattern);
  });
}

const pipeline = { name: 'daily-etl', steps: [{ id: 'extract', projectId: 'sales', ...FAST }] };

async function rigWith(env: Record<string, string> = {}, worker = true) {
  const sandbox = await startSandbox({ port: 0, duration: '1h' });
  onTestFinished(() => sandbox.close());
  const gate = await hexGate(sandbox.url);
  onTestFinished(() => gate.close());
  const rig = await harness({ worker, env: { HEX_BASE_URL: gate.url, ...env } });
  return { ...rig, sandbox, gate };
}

async function started({ hex, taskQueue }: Harness, is: (step: StepProgress) => boolean): Promise<string> {
  const { workflowId } = await hex.startPipeline(pipeline, { workflowId: taskQueue });
  await stepThat({ hex }, workflowId, is);
  return workflowId;
}

const stepThat = ({ hex }: Pick<Harness, 'hex'>, workflowId: string, is: (step: StepProgress) => boolean) =>
  until('the step stands so', async () =>
    ((await hex.progress(workflowId)) as PipelineProgress).steps.find(is),
  );

const runs = ({ runId }: StepProgress) => runId !== null;
const waits = (words: RegExp) => (step: StepProgress) => words.test(step.waitingFor ?? '');

async function end(rig: Harness, workflowId: string): Promise<void> {
  await rig.hex.cancel(workflowId);
  await rig.hex.result(workflowId).catch(() => undefined);
}

const figures = new Figures('Seconds until it was named');
afterAll(() => figures.print());

describe('docs/stuck.md shows what the commands print', () => {
  it('when the worker is down', async () => {
    const rig = await rigWith({}, false);
    const { workflowId } = await rig.hex.startPipeline(
      { ...pipeline, steps: [...pipeline.steps, { id: 'load', projectId: 'load', dependsOn: 'extract' }] },
      { workflowId: rig.taskQueue },
    );
    const downAt = Date.now();
    const { stdout, stderr } = await cli(['progress', workflowId], rig.env);
    expect(figures.note('(a) the worker is down: progress', downAt)).toBeLessThan(10);
    for (const line of shownUnder('The worker is down', {
      '"hex"': `"${rig.taskQueue}"`,
      'queue hex"': `queue ${rig.taskQueue}"`,
    }))
      expect(`${stderr}${stdout}`).toMatch(line);
    await rig.temporal.workflow.getHandle(workflowId).terminate();
  });

  it('when Hex does not answer, and when the token is refused', async () => {
    const rig = await rigWith();
    const workflowId = await started(rig, runs);
    const awayAt = Date.now();
    rig.gate.shut(503);
    await stepThat(rig, workflowId, waits(/answered 503/));
    expect(figures.note('(b) Hex answers 503: the step of the pipeline', awayAt)).toBeLessThan(60);
    const away = await cli(['progress', workflowId], rig.env);
    for (const line of shownUnder('Hex does not answer')) expect(away.stdout).toMatch(line);
    rig.gate.shut(null);
    await stepThat(rig, workflowId, ({ waitingFor }) => waitingFor === undefined);
    const revokedAt = Date.now();
    rig.gate.shut(401);
    await stepThat(rig, workflowId, waits(/refused the token/));
    expect(figures.note('(c) the token is refused: the step of the pipeline', revokedAt)).toBeLessThan(60);
    const refused = await cli(['progress', workflowId], rig.env);
    const strange = await startSandbox({ port: 0, tokens: ['another-token'] });
    onTestFinished(() => strange.close());
    const doctor = await cli(['doctor'], { ...rig.env, HEX_BASE_URL: strange.url });
    expect(doctor.code).toBe(6);
    for (const line of shownUnder('The token is refused'))
      expect(`${refused.stdout}${doctor.stdout}`).toMatch(line);
    rig.gate.shut(null);
    await end(rig, workflowId);
  });

  it('when the limits are used up, and when the limiter was terminated', async () => {
    const rig = await rigWith({ HEX_LIMITS: 'on', HEX_KERNELS: '1' });
    const first = await rig.hex.startRun({ projectId: 'first', ...FAST });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
    const fullAt = Date.now();
    const workflowId = await started(rig, waits(/in line/));
    expect(figures.note('(d) the limits are used up: the step of the pipeline', fullAt)).toBeLessThan(5);
    const { stdout } = await cli(['progress', workflowId], rig.env);
    for (const line of shownUnder('The limits are used up')) expect(stdout).toMatch(line);
    await end(rig, workflowId);
    await first.cancel();
    await first.result().catch(() => undefined);
    await rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/default`).terminate();
    const goneAt = Date.now();
    const again = await rig.hex.startRun({ projectId: 'again', ...FAST });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    figures.note('(e) the limiter was terminated: it is back, and the next run starts', goneAt);
    const doctor = await cli(['doctor'], rig.env);
    for (const line of shownUnder('The limiter was terminated')) expect(doctor.stdout).toMatch(line);
    await again.cancel();
    await again.result().catch(() => undefined);
  });

  it('when the queue of a schedule is misspelt', async () => {
    // A server of its own: the doctor looks at all schedules of a namespace.
    const own = await startDevServer({ cli: { path: server.cli }, port: 0, uiPort: false });
    onTestFinished(() => own.stop());
    const rig = await harness({ worker: false, address: own.address });
    const scheduleId = 'nightly';
    const taskQueue = 'hexx';
    await rig.temporal.schedule.create({
      scheduleId,
      spec: { cronExpressions: ['0 6 * * *'] },
      action: {
        type: 'startWorkflow',
        workflowType: 'hexPipeline',
        taskQueue,
        workflowId: scheduleId,
        args: [pipeline],
      },
    });
    const misspeltAt = Date.now();
    const { stdout } = await until('the schedule is listed', async () => {
      const seen = await cli(['doctor'], rig.env);
      return seen.stdout.includes(scheduleId) && seen;
    });
    expect(figures.note('(f) the queue is misspelt: doctor', misspeltAt)).toBeLessThan(60);
    for (const line of shownUnder('The queue is misspelt')) expect(stdout).toMatch(line);
  });
});
