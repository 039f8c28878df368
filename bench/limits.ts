import { longLine } from './limits/long-line.js';
import { manyAtOnce } from './limits/many-at-once.js';
import { oneHour } from './limits/one-hour.js';
import { stranger } from './limits/stranger.js';
import type { Bench } from './support/bench.js';
import { machine } from './support/machine.js';
import { table } from './support/table.js';

/** By the name that `npm run bench:limits -- <name>` takes. */
const BENCHES: Record<string, Bench> = { a: manyAtOnce, b: longLine, c: stranger, d: oneHour };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHES[name]);
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

console.log(await machine());
for (const [name, { title, method, run }] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${title}  (npm run bench:limits -- ${name})`);
  for (const line of method) console.log(`  ${line}`);
  console.log(table(await run()));
}
