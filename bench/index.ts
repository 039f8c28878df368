import { parseArgs } from 'node:util';
import type { Bench, Sizes } from './support/bench.js';
import { machine } from './support/machine.js';
import { table } from './support/table.js';

/** By the name that `npm run bench -- <name>` takes. */
const BENCHES: Record<string, (sizes: Sizes) => Promise<Bench>> = {
  start: async () => (await import('./start.js')).start,
  engine: async () => (await import('./engine.js')).engine,
  etl: async () => (await import('./etl.js')).etl,
  reads: async () => (await import('./reads.js')).reads,
  polling: async () => (await import('./polling.js')).polling,
  bill: async () => (await import('./bill.js')).bill,
  memory: async () => (await import('./memory.js')).memory,
  schedule: async () => (await import('./schedule.js')).schedule,
  sensor: async (sizes) => (await import('./sensor.js')).sensor(sizes),
  backfill: async (sizes) => (await import('./backfill.js')).backfill(sizes),
  line: async (sizes) => (await import('./line.js')).line(sizes),
  items: async (sizes) => (await import('./items.js')).items(sizes),
  console: async (sizes) => (await import('./console.js')).consolePages(sizes),
};

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: {
    dates: { type: 'string' },
    many: { type: 'string' },
    endings: { type: 'string' },
    runs: { type: 'string' },
    items: { type: 'string' },
    kills: { type: 'string' },
  },
});
const unknown = wanted.filter((name) => !BENCHES[name]);
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}
const sizes: Sizes = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));

console.log(await machine());
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { title, method, run } = await bench(sizes);
  console.log(`\n${title}  (npm run bench -- ${name})`);
  for (const line of method) console.log(`  ${line}`);
  console.log(table(await run()));
}
