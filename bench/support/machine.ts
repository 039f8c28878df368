import { cpus, loadavg } from 'node:os';
import { resolveTemporalCli } from '../../src/temporal-server/index.js';

/** What the figures were measured on. */
export async function machine(): Promise<string> {
  const { version } = await resolveTemporalCli();
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim() || 'model unknown'}), node ${process.version}, temporal CLI ${version}`;
}

/** The load of the last minute, as `uptime` says it: other work on the machine slows everything down. */
export function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

/** Resolves when the machine has done what was asked of it, such as writing down 10,000 runs, or after a minute. */
export async function settled(): Promise<void> {
  const endMs = Date.now() + 60_000;
  for (let before = times(); Date.now() < endMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = times();
    if (now.idle - before.idle > 0.9 * (now.all - before.all)) return;
    before = now;
  }
}

/** Of all cores since the machine was started. */
function times(): { idle: number; all: number } {
  const each = cpus().map((core) => core.times);
  const all = each.flatMap((one) => Object.values(one)).reduce((sum, ms) => sum + ms, 0);
  return { idle: each.reduce((sum, { idle }) => sum + idle, 0), all };
}
