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
