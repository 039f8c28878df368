import { onTestFinished } from 'vitest';
import { outageId } from '../../src/contract/ids.js';
import { startSandbox } from '../../src/sandbox/index.js';
import type { hexOutage } from '../../src/workflows/index.js';
import { FAST, type Harness, harness, until } from './harness.js';
import { hexGate } from './hex-gate.js';
import { webhookReceiver } from './webhook.js';

/** Runs that last, no worker yet, and somebody who gets the alerts. */
export async function rigWith(after: string, env: Record<string, string> = {}) {
  const hook = await webhookReceiver();
  const sandbox = await startSandbox({ port: 0, duration: '1h' });
  onTestFinished(() => sandbox.close());
  const gate = await hexGate(sandbox.url);
  onTestFinished(() => gate.close());
  const rig = await harness({
    worker: false,
    env: {
      HEX_BASE_URL: gate.url,
      HEX_NOTIFY_OPS_URL: hook.url,
      HEX_NOTIFY_ALERTS: 'ops',
      HEX_UNREACHABLE_AFTER: after,
      TEMPORAL_UI_URL: 'https://temporal.example.com',
      ...env,
    },
  });
  const outage = rig.temporal.workflow.getHandle<typeof hexOutage>(outageId(rig.taskQueue, 'default'));
  const begun = () => until('the outage is followed', () => outage.describe().catch(() => false), 60_000);
  return { ...rig, sandbox, gate, hook, outage, begun };
}

/** Starts runs and waits until each has been read. */
export async function runsOf({ hex, sandbox }: Harness, ...projects: string[]) {
  const runs = await Promise.all(projects.map((projectId) => hex.startRun({ projectId, ...FAST })));
  await sandbox.waitFor(({ requests }) =>
    projects.every((id) => requests.some(({ method, path }) => method === 'GET' && path.includes(id))),
  );
  return runs;
}
