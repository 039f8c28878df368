import type { WorkerOptions } from '@temporalio/worker';
import type { HexRunInput } from '../../src/run/input.js';
import type { SandboxOptions } from '../../src/sandbox/index.js';
import { FAST, type Harness, harness, until } from './harness.js';

/** Sandbox seconds in a real one: a minute of Hex's windows takes 3 s. */
export const FACTOR = 20;
export const MINUTE = 60_000;

/** A worker that keeps to the limits beside a sandbox that has them, both at that speed. */
export async function limited(
  limits: SandboxOptions['limits'],
  env: Record<string, string> = {},
  sandbox: SandboxOptions = {},
  worker: Partial<WorkerOptions> = {},
) {
  const rig = await harness({
    sandbox: { limits, clockFactor: FACTOR, ...sandbox },
    env: { HEX_LIMITS: 'on', HEX_CLOCK_FACTOR: String(FACTOR), ...env },
    worker: false,
  });
  await rig.work(worker);
  const limiterId = `hex-limiter/${rig.taskQueue}/default`;
  const limiter = rig.temporal.workflow.getHandle(limiterId);
  const inLine = (count: number) =>
    until(`${count} in line`, async () => {
      const line = await limiter.query<{ waiting: number }>('line').catch(() => null);
      return line?.waiting === count;
    });
  return { ...rig, limiter, limiterId, inLine };
}

/**
 * The default poll settings at that speed. A start whose answer is late is looked for by Hex's clock, so far back as it was
 * sent by ours: here, where the two go at different speeds, it would not be found.
 */
const AT_THAT_SPEED = {
  poll: { min: `${2_000 / FACTOR}ms`, max: `${MINUTE / FACTOR}ms` },
  requestTimeout: '1m',
};

/** Starts one run for each input and waits for all results; a failed run fails the test. */
export async function runAll({ hex }: Harness, inputs: HexRunInput[]) {
  const handles = await Promise.all(
    inputs.map((input) => hex.startRun({ ...FAST, ...AT_THAT_SPEED, ...input })),
  );
  return Promise.all(handles.map((handle) => handle.result()));
}
