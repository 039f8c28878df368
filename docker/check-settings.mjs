// Says what is wrong with the settings of the worker beside it, and ends with 2; with 0 where nothing is.
import { existsSync } from 'node:fs';
import { loadConfig } from './dist/worker.js';

/** Where docker-compose.yml puts HEX_API_TOKEN; Compose makes no file of an empty one. */
const { HEX_API_TOKEN_FILE: file } = process.env;
const SECRETS = '/run/secrets/';

try {
  if (file?.startsWith(SECRETS) && !existsSync(file))
    throw new Error(`${file} is not there, for HEX_API_TOKEN is empty: put a token into .env`);
  for (const { name, token } of Object.values(loadConfig().connections)) {
    if ((await token()).trim() === '')
      throw new Error(`The token of the connection "${name}" is empty: put HEX_API_TOKEN into .env`);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
