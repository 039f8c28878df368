import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { HexPipelineInput } from 'temporal-hex';
import {
  replayHistory,
  type StubbedRequest,
  saveHistory,
  startTestKit,
  type TestedPipeline,
  type TestKit,
  type TestPipelineOptions,
} from 'temporal-hex/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { server } from '../support/server.js';

const ETL: HexPipelineInput = {
  name: 'etl',
  params: { date: { type: 'date' } },
  steps: [
    { id: 'extract', projectId: 'sales', inputParams: { date: '{{ params.date }}' } },
    { id: 'load', projectId: 'warehouse' },
  ],
};
const APPROVED: HexPipelineInput = [
  { id: 'look', approval: { prompt: 'Right?', within: '1h' } },
  { id: 'publish', projectId: 'report' },
];

let kit: TestKit;
let folder: string;
beforeAll(async () => {
  // The workers of the kit run workflow code in this thread, which starts them sooner.
  vi.stubEnv('TEMPORAL_DEBUG', '1');
  kit = await startTestKit({ address: server.address, namespace: server.namespace });
  folder = await mkdtemp(join(tmpdir(), 'temporal-hex-testing-'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await kit.close();
  await rm(folder, { recursive: true, force: true });
});

const test = (pipeline: string | HexPipelineInput, options?: TestPipelineOptions) =>
  kit.testPipeline(pipeline, options);
const projectsOf = ({ ledger }: TestedPipeline) => ledger.runs.map(({ projectId }) => projectId);
const params = { date: '2026-01-31' };

it.concurrent('a good pipeline gives its result, its ledger, its progress and its history', async () => {
  const { result, failure, ledger, progress, history } = await test(ETL, { params });
  expect(failure).toBeNull();
  expect(result?.steps.load).toMatchObject({ success: true, status: 'COMPLETED' });
  expect(ledger.runs.map(({ projectId, status, inputParams }) => [projectId, status, inputParams])).toEqual([
    ['sales', 'COMPLETED', params],
    ['warehouse', 'COMPLETED', null],
  ]);
  expect(progress.steps.map(({ status }) => status)).toEqual(['success', 'success']);
  expect(history.events?.length).toBeGreaterThan(10);
});

describe('http steps are answered by a stub', () => {
  const step = (http: object) => ({ id: 'ready', http: { url: 'https://api.example.com/ready', ...http } });
  const load = { id: 'load', projectId: 'warehouse', inputParams: { rows: '{{ steps.ready.json.rows }}' } };

  it.concurrent('with what they send; the step asks until the answer is as expected, and later steps read it', async () => {
    const requests: StubbedRequest[] = [];
    const header = { authorization: { env: 'HEX_HTTP_SECRET_SHOP' } };
    const asking = {
      expect: { json: { done: true } },
      poll: { every: '100ms', within: '10s' },
      headers: header,
    };
    const { result, ledger } = await test([step(asking), load] as HexPipelineInput, {
      http: (request) => {
        requests.push(request);
        return { json: { done: requests.length === 3, rows: 7 } };
      },
    });
    expect(result?.steps.ready).toMatchObject({ success: true, status: 200 });
    expect(ledger.runs.map(({ inputParams }) => inputParams)).toEqual([{ rows: 7 }]);
    expect(requests).toHaveLength(3);
    expect(requests[0]).toEqual({
      ...{ method: 'GET', url: 'https://api.example.com/ready', headers: header, body: null },
    });
  });

  it.concurrent('that may refuse, or give no answer', async () => {
    const refused = await test([step({ method: 'POST' })] as HexPipelineInput, {
      http: () => ({ status: 422 }),
    });
    expect(refused.failure?.message).toContain('422');
    const silent = await test([step({ method: 'POST' })] as HexPipelineInput, {
      http: () => Promise.reject(new Error('the line is dead')),
    });
    expect(silent.failure?.details?.error?.type).toBe('HttpOutcomeUnknown');
    expect(silent.failure?.message).toContain('the line is dead');
  });

  it.concurrent('and a test without one says so, before anything is run', async () => {
    await expect(test([step({})] as HexPipelineInput)).rejects.toThrow('stub it, http: async ({ url })');
  });
});

it.concurrent('a scripted fault fails the step that it hits, and what comes after is not run', async () => {
  const failed = await test(ETL, {
    params,
    faults: { match: { projectId: 'sales' }, endAs: 'ERRORED' },
  });
  expect(failed.result).toBeNull();
  expect(failed.failure).toMatchObject({
    type: 'HexPipelineFailed',
    details: { step: 'extract', error: { type: 'HexRunErrored' } },
  });
  expect(projectsOf(failed)).toEqual(['sales']);
});

it.concurrent('a lost answer to a start starts nothing twice', async () => {
  const lost = await test(ETL, { params, faults: [{ match: { operation: 'runProject' }, drop: 'after' }] });
  expect(lost.result?.steps.extract).toMatchObject({ adopted: true });
  expect(projectsOf(lost)).toEqual(['sales', 'warehouse']);
});

it.concurrent('the clock makes a run of an hour pass in a second', async () => {
  const { result } = await test(ETL, { params, clock: 3_600, sandbox: { duration: '30m' } });
  const load = result?.steps.load;
  expect(load && 'elapsedMs' in load ? load.elapsedMs : null).toBeGreaterThan(20 * 60_000);
});

it.concurrent('an approval is given or refused as the test says', async () => {
  const approved = await test(APPROVED, { decisions: { look: 'approve' } });
  expect(approved.result?.steps.look).toMatchObject({ status: 'APPROVED', by: 'test' });
  const rejected = await test(APPROVED, {
    decisions: { look: { action: 'reject', by: 'ada', reason: 'wrong month' } },
  });
  expect(rejected.failure?.details?.error).toMatchObject({ type: 'ApprovalRejected' });
  expect(rejected.failure?.message).toContain('wrong month');
  expect(projectsOf(rejected)).toEqual([]);
});

it.concurrent('each approval of a fan-out is given, and one inside of a sub-pipeline is named by its path', async () => {
  const each = await test([{ id: 'look', forEach: ['a', 'b', 'c'], approval: { prompt: '{{ item }}?' } }], {
    decisions: { look: 'approve' },
  });
  expect(each.result?.steps.look).toMatchObject({ succeeded: 3 });
  const inner = await test([{ id: 'sub', pipeline: { name: 'sub', steps: APPROVED as never } }], {
    decisions: { 'sub/look': 'approve' },
  });
  expect(inner.result?.steps.sub).toMatchObject({ success: true });
});

it.concurrent('the decisions of a list are used one after the other', async () => {
  const paused: HexPipelineInput = [{ id: 'load', projectId: 'warehouse', onFailure: 'pause' }];
  const faults = [{ match: { projectId: 'warehouse' }, times: 2, endAs: 'ERRORED' as const }];
  const tested = await test(paused, { faults, decisions: { load: ['retryStep', 'skipStep'] } });
  expect(projectsOf(tested)).toHaveLength(2);
  expect(tested.progress.steps[0]).toMatchObject({ status: 'skipped' });
});

it.concurrent('a step that waits for nobody ends the test with what to add, and its runs are cancelled', async () => {
  await expect(test(APPROVED)).rejects.toThrow(/Step "look" waits for approval: Right\?.*look.*'approve'/s);
  const timeLimit = [{ id: 'look', approval: { prompt: 'Right?', within: '50ms' } }];
  const left = await test(timeLimit, { decisions: { look: 'nobody' } });
  expect(left.failure?.details?.error).toMatchObject({ type: 'ApprovalTimedOut' });
});

it.concurrent('a pipeline that does not end in time is cancelled, and the message has its steps and its ledger', async () => {
  const endless = test(ETL, { params, sandbox: { duration: 'forever' }, timeoutMs: 10_000 });
  await expect(endless).rejects.toThrow(/not ended after 10000 ms.*extract running.*1 runs.*sales/s);
});

it.concurrent("a workflow of another team is played by a function, whatever its queue's name", async () => {
  const steps: HexPipelineInput = {
    params: { queue: { type: 'string', default: 'theirs' } },
    steps: [
      { id: 'dbt', workflow: { type: 'dbtRun', taskQueue: '{{ params.queue }}', input: { models: ['a'] } } },
      {
        id: 'load',
        projectId: 'warehouse',
        inputParams: { rows: '{{ steps.dbt.output.rows }}' },
      },
    ],
  };
  const asked: unknown[] = [];
  const stubbed = await test(steps, {
    workflows: {
      dbtRun: async (input: { models: string[] }) => {
        asked.push(input);
        return { rows: 7 };
      },
    },
  });
  expect(asked).toEqual([{ models: ['a'] }]);
  expect(stubbed.ledger.runs[0]?.inputParams).toEqual({ rows: 7 });

  const dbtRun = () => {
    throw ApplicationFailure.nonRetryable('no such model', 'NoModel');
  };
  const { failure } = await test(steps, { workflows: { dbtRun } });
  expect(failure?.details?.error).toMatchObject({ type: 'NoModel', message: 'no such model' });
  await expect(test(steps)).rejects.toThrow(/workflow "dbtRun".*workflows: \{ "dbtRun": async/s);
});

it.concurrent('a file is tested with the pipelines and the projects beside it', async () => {
  await writeFile(join(folder, 'top.yaml'), 'steps: [{ pipeline: sub }]');
  await writeFile(
    join(folder, 'sub.yaml'),
    'steps: [{ id: dbt, workflow: { type: dbtRun } }, { projectId: a }]',
  );
  const tested = await test(join(folder, 'top.yaml'), { workflows: { dbtRun: () => null } });
  expect(tested.failure).toBeNull();
  expect(projectsOf(tested)).toEqual(['a']);

  await writeFile(join(folder, 'projects.yaml'), 'projects: { a: { inputs: { date: date } } }');
  await writeFile(join(folder, 'bad.yaml'), 'steps: [{ projectId: a, inputParams: { dat: x } }]');
  await expect(test(join(folder, 'bad.yaml'))).rejects.toThrow(/dat/);
  await expect(test(join(folder, 'none.yaml'))).rejects.toThrow(/none\.yaml: there is no such file/);
});

it.concurrent('a step of another connection reaches the same sandbox', async () => {
  const tested = await test([{ projectId: 'a', connection: 'marketing' }]);
  expect(projectsOf(tested)).toEqual(['a']);
});

it.concurrent('tests that run side by side share the server and do not see each other', async () => {
  const keyed: HexPipelineInput = { name: 'k', key: 'daily', ifExists: 'fail', steps: [{ projectId: 'a' }] };
  const [one, two] = await Promise.all([
    test(keyed, { faults: { endAs: 'KILLED' } }),
    test(keyed, { params: {}, sandbox: { duration: '300ms' } }),
  ]);
  expect(one.failure?.details?.error).toMatchObject({ type: 'HexRunKilled' });
  expect(two.failure).toBeNull();
  for (const { ledger } of [one, two]) expect(ledger.runs).toHaveLength(1);
});

it.concurrent('a history replays, from a test and from its file; one of other code does not', async () => {
  const { history } = await test(ETL, { params });
  await replayHistory(history);
  const file = join(folder, 'etl.json');
  await saveHistory(history, file);
  await replayHistory(file);
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain(`${process.pid}@`);
  await replayHistory(JSON.parse(text) as object);
  await expect(
    replayHistory(JSON.parse(text.replaceAll('"hexRun"', '"hexRunTwice"')) as object),
  ).rejects.toThrow(/[Nn]ondeterminism|Non-?determin/);
});

it('a closed kit leaves no server, no port and no file', async () => {
  // A folder of its own for temporary files: other tests work beside this one.
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  vi.stubEnv('TMPDIR', temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  const own = await startTestKit();
  expect((await own.testPipeline(ETL, { params })).failure).toBeNull();
  const port = Number(own.address.split(':')[1]);
  expect(await listens(port)).toBe(true);
  await own.close();
  expect(await listens(port)).toBe(false);
  expect(await readdir(temporary)).toEqual([]);
});

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
