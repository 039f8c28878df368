import { createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { cli, startCli } from '../support/cli.js';
import { harness } from '../support/harness.js';

/** The server of the tests behind an address of its own, which can be taken away and given back. */
async function frontend(target: string) {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = new (near.constructor as typeof Socket)();
    far.connect(Number(port), host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  const listen = (at: number) =>
    new Promise<number>((resolve) =>
      server.listen(at, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
  const at = await listen(0);
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  return { address: `127.0.0.1:${at}`, lose: close, back: () => listen(at) };
}

it('is alive from the start, ready once it polls, not while Temporal is lost or while it stops', async () => {
  const rig = await harness({ worker: false, sandbox: { duration: '1h' } });
  const { hex, sandbox, env } = rig;
  const temporal = await frontend(env.TEMPORAL_ADDRESS ?? '');
  await temporal.lose();
  const worker = startCli(['worker'], {
    ...env,
    TEMPORAL_ADDRESS: temporal.address,
    HEX_METRICS_ADDRESS: '127.0.0.1:0',
  });
  const [, address = ''] = await worker.says(/Serves .* at http:\/\/(\S+)/);
  const ask = async (path: string) => {
    const answer = await fetch(`http://${address}/${path}`);
    return `${answer.status} ${(await answer.text()).trim()}`;
  };
  const check = async () => (await cli(['worker', '--check'], { HEX_METRICS_ADDRESS: address })).code;
  const becomes = (what: RegExp) => expect.poll(() => ask('readyz'), { timeout: 30_000 }).toMatch(what);

  expect(await ask('healthz')).toBe('200 alive');
  expect(await ask('readyz')).toBe('503 not ready: there is no connection to Temporal yet');
  expect(await check()).toBe(1);
  expect(await ask('secrets')).toMatch(/^404/);

  await temporal.back();
  await becomes(/^200 ready/);
  expect(await check()).toBe(0);

  await temporal.lose();
  await becomes(/^503 not ready: Temporal does not answer/);
  expect(await ask('healthz')).toBe('200 alive');
  await temporal.back();
  await becomes(/^200 ready/);

  // A start under way holds the worker while it drains.
  sandbox.script([{ match: { operation: 'runProject' }, lateMs: 3_000 }]);
  const run = await hex.startRun({ projectId: 'sales' });
  await sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'POST'));
  worker.child.kill('SIGTERM');
  await becomes(/^503 not ready: the worker stops/);
  expect(await ask('healthz')).toBe('200 alive');
  expect(await worker.ended).toBe(0);
  expect(await check()).toBe(1);
  await rig.temporal.workflow.getHandle(run.workflowId).terminate();
});

it('an address that is taken, or that is none, is refused with its variable; --check needs one', async () => {
  const { env } = await harness({ worker: false });
  const taken = new URL(env.HEX_BASE_URL ?? '').host;
  for (const [address, words] of [
    [taken, 'HEX_METRICS_ADDRESS cannot be listened on'],
    ['9464', 'HEX_METRICS_ADDRESS is not an address to listen on: write host:port'],
  ] as const) {
    const { code, stderr } = await cli(['worker'], { ...env, HEX_METRICS_ADDRESS: address });
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  }
  const { code, stderr } = await cli(['worker', '--check']);
  expect(code).toBe(2);
  expect(stderr).toContain('HEX_METRICS_ADDRESS is missing');
});
