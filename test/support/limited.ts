import { randomUUID } from 'node:crypto';
import type { SandboxOptions } from '../../src/sandbox/index.js';
import { harness, TOKEN, until } from './harness.js';

/** A connection of the test's own, with its own limiter. */
export async function limited(settings: Record<string, string>, sandbox: SandboxOptions = {}, worker = true) {
  const connection = `c-${randomUUID().slice(0, 8)}`;
  const prefix = `HEX_CONNECTION_${connection.toUpperCase().replaceAll('-', '_')}_`;
  const rig = await harness({ sandbox, worker: false });
  const own = { API_TOKEN: TOKEN, BASE_URL: rig.sandbox.url, ...settings };
  for (const [name, value] of Object.entries(own)) rig.env[`${prefix}${name}`] = value;
  if (worker) await rig.work();
  const limiter = rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/${connection}`);
  /** Waits until so many stand in line. */
  const inLine = (count: number) =>
    until(`${count} in line`, async () => {
      const line = await limiter.query<{ waiting: number }>('line').catch(() => null);
      return line?.waiting === count;
    });
  return { ...rig, connection, limiter, inLine };
}

/** No limits, and yet a limiter. */
export const NONE = {
  STARTS_PER_MINUTE: 'none',
  STARTS_PER_HOUR: 'none',
  KERNELS: 'none',
  READS_PER_MINUTE: 'none',
};
