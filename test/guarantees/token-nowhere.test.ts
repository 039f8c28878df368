import { once } from 'node:events';
import { expect, it } from 'vitest';
import { FAST, harness, TOKEN } from '../support/harness.js';
import { temporal } from '../support/server.js';

it('the token is in no history, memo, log or error, whatever goes wrong', async () => {
  const { hex, sandbox, spawnWorker } = await harness({ worker: false, env: { HEX_PATIENCE: '500ms' } });
  const worker = await spawnWorker();
  let said = '';
  for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk));
  sandbox.script([
    { match: { projectId: 'echoed' }, times: null, status: 422, body: { reason: `Bad token ${TOKEN}` } },
    { match: { projectId: 'refused' }, times: null, status: 401, body: `Unauthorized: ${TOKEN}` },
    { match: { projectId: 'lost', operation: 'runProject' }, drop: 'after' },
    {
      match: { projectId: 'redirected' },
      times: null,
      status: 302,
      headers: { location: 'http://127.0.0.1:1/' },
    },
  ]);
  const projects = ['good', 'echoed', 'refused', 'lost', 'redirected'];
  const handles = await Promise.all(
    projects.map((projectId) =>
      hex.startRun({ projectId, ...FAST, inputParams: { x: 1 }, queueTimeout: '1s' }),
    ),
  );
  const errors = await Promise.all(handles.map((handle) => handle.result().catch((error: unknown) => error)));
  for (const { workflowId } of handles)
    said += await temporal('workflow', 'show', '--workflow-id', workflowId, '-o', 'json');
  for (const { workflowId } of handles)
    said += await temporal('workflow', 'describe', '--workflow-id', workflowId, '-o', 'json');
  said += JSON.stringify(errors, (_key, value: unknown) =>
    value instanceof Error
      ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
      : value,
  );
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  expect(said).toContain('HexAuth');
  for (const form of [TOKEN, TOKEN.slice(5), Buffer.from(TOKEN).toString('base64').slice(0, 60)])
    expect(said.includes(form)).toBe(false);
});
