import type { Bench } from './support/bench.js';
import { machine } from './support/machine.js';
import { table } from './support/table.js';

/** By the name that `npm run bench -- <name>` takes. */
const BENCHES: Record<string, () => Promise<Bench>> = {
  engine: async () => (await import('./engine.js')).engine,
  etl: async () => (await import('./etl.js')).etl,
  reads: async () => (await import('./reads.js')).reads,
  memory: async () => (await import('./memory.js')).memory,
  schedule: async () => (await import('./schedule.js')).schedule,
  backfill: async () => (await import('./backfill.js')).backfill,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHES[name]);
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

console.log(await machine());
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { title, method, run } = await bench();
  console.log(`\n${title}  (npm run bench -- ${name})`);
  for (const line of method) console.log(`  ${line}`);
  console.log(table(await run()));
}
