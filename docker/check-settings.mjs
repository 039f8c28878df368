// Says what is wrong with the settings of the worker beside it, and ends with 2; with 0 where nothing is.
import { loadConfig } from './dist/worker.js';

try {
  for (const { name, token } of Object.values(loadConfig().connections)) {
    if ((await token()).trim() === '')
      throw new Error(`The token of the connection "${name}" is empty: put HEX_API_TOKEN into .env`);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
