import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as workflows from '../../src/workflows/index.js';
import { cli } from '../support/cli.js';
import { failureOf, type Harness, harness, until } from '../support/harness.js';
import { theirWorker } from '../support/pipelines.js';

let rig: Harness;

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
});

it.each([
  ['hexrun', 'did you mean "hexRun"?'],
  ['HexPipeline', 'did you mean "hexPipeline"?'],
  ['hex-run', 'did you mean "hexRun"?'],
  ['hexPipelines', 'did you mean "hexPipeline"?'],
  ['Hexjanitor', 'did you mean "hexJanitor"?'],
  ['default', 'the types are hexRun, hexPipeline,'],
  ['sendMail', 'the types are hexRun, hexPipeline,'],
  // What every object has, and therefore the one that holds the workflows.
  ['toString', 'toString'],
  ['constructor', 'constructor'],
  ['hasOwnProperty', 'hasOwnProperty'],
])('a workflow of type %s fails at once, and says: %s', async (type, words) => {
  const { temporal, taskQueue, sandbox } = rig;
  const args = [{ projectId: 'sales' }];
  const handle = await temporal.workflow.start(type, {
    taskQueue,
    workflowId: randomUUID(),
    args,
    // A retry would repeat the mistake.
    retry: { maximumAttempts: 3 },
  });
  const failure = await failureOf(handle.result());
  expect(failure).toMatchObject({ type: 'NoSuchWorkflow', nonRetryable: true });
  expect(failure.message).toContain(`There is no workflow type "${type}" on task queue "${taskQueue}"`);
  expect(failure.message).toContain(words);
  expect(sandbox.ledger().requests).toEqual([]);
});

it('a step of a type that its worker does not have fails the pipeline, which says so', async () => {
  const { env, taskQueue } = rig;
  const input = { steps: [{ workflow: { type: 'hexrun', input: { projectId: 'sales' } } }] };
  const handle = await rig.temporal.workflow.start('hexPipeline', {
    taskQueue,
    workflowId: randomUUID(),
    args: [input],
  });
  const { code, stderr } = await cli(['watch', handle.workflowId], env);
  expect(code).toBe(1);
  expect(stderr).toContain('did you mean "hexRun"?');
});

it('the known types are those that are registered', async () => {
  const { default: unknown, ...registered } = workflows;
  expect(unknown).toBeTypeOf('function');
  const { temporal, taskQueue } = rig;
  const handle = await temporal.workflow.start('x', { taskQueue, workflowId: randomUUID() });
  const [{ known }] = (await failureOf(handle.result())).details as [{ known: string[] }];
  expect(known.sort()).toEqual(Object.keys(registered).sort());
});

it('a worker of others that registers our workflows beside its own leaves unknown types alone', async () => {
  const taskQueue = await theirWorker();
  const { temporal } = rig;
  const theirs = { taskQueue, workflowId: randomUUID(), args: [2] };
  expect(await temporal.workflow.execute('talks', theirs)).toBe('xx');
  const known = await temporal.workflow.start('hexRun', { taskQueue, workflowId: randomUUID() });
  expect((await failureOf(known.result())).type).toBe('InvalidInput');
  const unknown = await temporal.workflow.start('hexrun', { taskQueue, workflowId: randomUUID() });
  const { history } = await until('its first task has failed', async () => {
    const found = await unknown.fetchHistory();
    return found.events?.some((event) => event.workflowTaskFailedEventAttributes) && { history: found };
  });
  expect(history.events?.some((event) => event.workflowExecutionFailedEventAttributes)).toBe(false);
  await unknown.terminate();
});
