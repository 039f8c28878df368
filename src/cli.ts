#!/usr/bin/env node
import { main } from './cli/main.js';

// The reader of a pipe may leave early ("| head"): that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const code = await main(process.argv.slice(2), process);
// An attempt to connect that was given up must not hold the process; what was written goes out first.
process.stdout.write('', () => process.exit(code));
