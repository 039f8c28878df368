import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError } from './errors.js';

/** A secret's variable and the one for its file exclude each other. */
const SECRET = /(API_TOKEN|^HEX_CODEC_KEYS|^HEX_HTTP_SECRET_\w+?)(_FILE)?$/;

/**
 * Reads a `.env` file into the environment. What is set there already wins, also a token over a token file and the other
 * way round. For commands and the worker's entry, before `loadConfig`; a library leaves its host's environment alone.
 *
 * @param path default `.env` in the working directory; a missing file is no error
 * @returns the names that were set
 * @throws ConfigError where the file is there and cannot be read
 */
export function loadDotEnv(path = '.env', env: NodeJS.ProcessEnv = process.env): string[] {
  const set = Object.entries(parseEnv(textOf(path))).filter(
    ([name]) => env[name] === undefined && env[rivalOf(name)] === undefined,
  );
  for (const [name, value] of set) env[name] = value;
  return set.map(([name]) => name);
}

function rivalOf(name: string): string {
  if (!SECRET.test(name)) return name;
  return name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : `${name}_FILE`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '';
    const message = `cannot be read (${code}): make it readable for this process, or remove it`;
    throw new ConfigError([{ variable: path, message }]);
  }
}
