import { readOptions, type StormOptions, USAGE } from './options.js';
import { storm } from './storm.js';
import { complaints, tally } from './tally.js';

/** A broken promise is an exit code of 1, a wrong option one of 2. */
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  let options: StormOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
  console.log(`${options.pipelines} pipelines, seed ${options.seed}`);
  const result = await storm(options, (line) => console.log(line));
  console.log(`\n${tally(result).join('\n')}\n`);
  for (const complaint of complaints(result)) console.log(complaint);
  const broken = result.findings.violations.length;
  console.log(broken === 0 ? 'All promises were kept.' : `${broken} promises were broken.`);
  return broken === 0 ? 0 : 1;
}
