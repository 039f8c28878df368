import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { hex } from '../support/sandbox-http.js';

/** Bytes on a socket, for what fetch would not send: the answer up to the end of the connection. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      answer += part;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('clients that nobody here wrote are served', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ duration: { pending: '1s', running: '1h' } });
  });
  afterEach(() => sandbox.close());

  it('on singular paths, as the Airflow, Dagster and Prefect packages ask', async () => {
    const body = { updateCache: false, inputParams: { day: '2026-10-01' } };
    const started = await hex(sandbox, 'POST', '/project/p/run', { body });
    expect(started.status).toBe(201);
    const { runId } = started.json;
    expect((await hex(sandbox, 'GET', `/project/p/run/${runId}`)).json.status).toBe('PENDING');
    expect((await hex(sandbox, 'GET', '/project/p/runs')).json.runs).toHaveLength(1);
    expect((await hex(sandbox, 'DELETE', `/project/p/run/${runId}`)).status).toBe(204);
    expect(sandbox.ledger().runs[0]).toMatchObject({ inputParams: body.inputParams, body });
  });

  it('but not on singular paths when they are switched off', async () => {
    sandbox.settings({ singularPaths: false });
    expect((await hex(sandbox, 'POST', '/project/p/run')).status).toBe(404);
    expect(sandbox.ledger().requests[0]?.operation).toBeNull();
  });

  it.each([
    ['booleans as text', '{"dryRun":"false","updateCache":"true","useCachedSqlResults":"false"}'],
    ['the deprecated updateCache', '{"updateCache":true}'],
    ['an empty object', '{}'],
    ['white space', '  \n'],
    ['unknown fields', '{"killRunningExecution":true}'],
  ])('with %s in the body', async (_, body) => {
    expect((await hex(sandbox, 'POST', '/projects/p/runs', { body })).status).toBe(201);
  });

  it('that send null for "no inputs", by a setting', async () => {
    sandbox.settings({ nullInputs: 'ignore' });
    expect((await hex(sandbox, 'POST', '/projects/p/runs', { body: { inputParams: null } })).status).toBe(
      201,
    );
  });

  it('that send no content type and no body at all', async () => {
    const answer = await raw(
      sandbox.port,
      'POST /api/v1/projects/p/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: bearer x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(sandbox.ledger().runs[0]?.body).toBeNull();
  });

  it('that put the inputs into the query of the POST, as old Dagster packages do', async () => {
    expect((await hex(sandbox, 'POST', '/project/p/run?inputParams=a&updateCache=False')).status).toBe(201);
  });

  it('that take no address without a dot in its host: localhost is written as 127.0.0.1', async () => {
    const response = await fetch(`http://localhost:${sandbox.port}/api/v1/projects/p/runs`, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
    });
    const { runUrl, runStatusUrl } = (await response.json()) as Record<string, string>;
    expect(new URL(runUrl ?? '').host).toBe(`127.0.0.1:${sandbox.port}`);
    expect(new URL(runStatusUrl ?? '').host).toBe(`127.0.0.1:${sandbox.port}`);
  });

  it('that ask by another name: addresses in answers bear it, or the public one of the settings', async () => {
    const ask = () =>
      raw(
        sandbox.port,
        'POST /api/v1/projects/p/runs HTTP/1.1\r\nHost: sandbox.lan:99\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n',
      );
    expect(await ask()).toContain('"runStatusUrl":"http://sandbox.lan:99/api/v1/');
    sandbox.settings({ publicUrl: 'https://hex.example.com' });
    expect(await ask()).toContain('"runStatusUrl":"https://hex.example.com/api/v1/');
  });

  it('with a whole number of milliseconds in elapsedTime, or a fraction by a setting', async () => {
    sandbox.settings({ duration: 0 });
    const { json } = await hex(sandbox, 'POST', '/projects/p/runs');
    const elapsed = async () =>
      (await hex(sandbox, 'GET', `/projects/p/runs/${json.runId}`)).json.elapsedTime;
    expect(Number.isInteger(await elapsed())).toBe(true);
    sandbox.settings({ fractionalElapsed: true });
    expect(Number.isInteger(await elapsed())).toBe(false);
  });

  it('echoes the recipients of notifications', async () => {
    const notifications = [
      {
        type: 'ALL',
        includeSuccessScreenshot: true,
        screenshotFormat: 'pdf',
        slackChannelIds: ['C1'],
        userIds: ['U1'],
      },
    ];
    const { status, json } = await hex(sandbox, 'POST', '/projects/p/runs', { body: { notifications } });
    expect(status).toBe(201);
    expect(json.notifications).toEqual([
      {
        type: 'ALL',
        recipientType: 'SLACK_CHANNEL',
        includeSuccessScreenshot: true,
        recipient: { id: 'C1', name: 'C1' },
        screenshotFormat: ['pdf'],
      },
      expect.objectContaining({ recipientType: 'USER', recipient: { id: 'U1', name: 'U1' } }),
    ]);
    const run = await hex(sandbox, 'GET', `/projects/p/runs/${json.runId}`);
    expect(run.json.notifications).toEqual(json.notifications);
  });
});

describe('legacy mode answers as older scripts expect', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ legacy: true, duration: { pending: '1h', running: '1h' } });
  });
  afterEach(() => sandbox.close());

  it('lists projects as a bare array with name, projectId and status', async () => {
    const { status, json } = await hex(sandbox, 'GET', '/projects');
    expect(status).toBe(200);
    expect(Array.isArray(json)).toBe(true);
    expect(json).toContainEqual(
      expect.objectContaining({ name: 'Extract', projectId: 'extract-project-id', status: 'PUBLISHED' }),
    );
    const one = await hex(sandbox, 'GET', '/projects/extract-project-id');
    expect(one.json).toMatchObject({ name: 'Extract', projectId: 'extract-project-id', title: 'Extract' });
  });

  it('gives a run a statusMessage, and a startTime and elapsedTime that are never null', async () => {
    const { json } = await hex(sandbox, 'POST', '/projects/p/runs');
    const pending = await hex(sandbox, 'GET', `/projects/p/runs/${json.runId}`);
    expect(pending.json).toMatchObject({
      status: 'PENDING',
      statusMessage: expect.any(String),
      startTime: expect.any(String),
      elapsedTime: expect.any(Number),
      endTime: null,
    });
    const [listed] = (await hex(sandbox, 'GET', '/projects/p/runs')).json.runs;
    expect(listed).toMatchObject({ startTime: expect.any(String), elapsedTime: expect.any(Number) });
    await hex(sandbox, 'DELETE', `/projects/p/runs/${json.runId}`);
    const killed = await hex(sandbox, 'GET', `/projects/p/runs/${json.runId}`);
    expect(killed.json).toMatchObject({
      status: 'KILLED',
      startTime: expect.any(String),
      elapsedTime: expect.any(Number),
    });
  });
});
