import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { formatProblems, type Problem } from '../base/problems.js';
import { encryptionCodec } from './codec.js';
import { encodedFailures } from './encoded-failures.js';
import { type CodecKey, parseKeys } from './keys.js';

/** How payloads are encrypted, or otherwise converted. */
export interface ConverterSettings {
  /** Of `HEX_CODEC_KEYS`; empty for none. */
  keys: CodecKey[];
  /** Of `HEX_DATA_CONVERTER`: a module that exports `dataConverter`; null for none. */
  module: string | null;
}

/** The variables that are read here. */
export const CONVERTER_VARIABLES = ['HEX_CODEC_KEYS', 'HEX_CODEC_KEYS_FILE', 'HEX_DATA_CONVERTER'] as const;

/** The settings of encryption cannot be used; no message has a key in it. */
export class ConverterError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'ConverterError';
  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(`The settings of encryption cannot be used:\n${formatProblems(problems)}`, options);
  }
}

/** Reads the settings; a problem's path is the name of the variable. */
export function converterSettings(env: NodeJS.ProcessEnv): {
  settings: ConverterSettings;
  problems: Problem[];
} {
  const given = CONVERTER_VARIABLES.filter((name) => env[name]);
  const [variable, other] = given;
  if (variable && other)
    return {
      settings: NONE,
      problems: [{ path: other, message: `and ${variable} are both set: leave one out` }],
    };
  if (!variable) return { settings: NONE, problems: [] };
  const value = env[variable] ?? '';
  if (variable === 'HEX_DATA_CONVERTER') return { settings: { keys: [], module: value }, problems: [] };
  try {
    const keys = parseKeys(variable === 'HEX_CODEC_KEYS' ? value : textOf(value));
    return { settings: { keys, module: null }, problems: [] };
  } catch (error) {
    return { settings: NONE, problems: [{ path: variable, message: (error as Error).message }] };
  }
}

const NONE: ConverterSettings = { keys: [], module: null };

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new Error(`names a file that cannot be read (${code}): ${file}`);
  }
}

/**
 * The data converter of the settings; undefined for Temporal's own.
 *
 * @throws ConverterError where the module cannot be used
 */
export async function dataConverterOf({
  keys,
  module,
}: ConverterSettings): Promise<DataConverter | undefined> {
  if (module !== null) return loadModule(module);
  if (keys.length === 0) return undefined;
  return { payloadCodecs: [encryptionCodec(keys)], failureConverterPath: encodedFailures };
}

/**
 * The data converter that the environment asks for, as {@link dataConverterOf}.
 *
 * @throws ConverterError with every problem
 */
export async function environmentConverter(
  env: NodeJS.ProcessEnv = process.env,
): Promise<DataConverter | undefined> {
  const { settings, problems } = converterSettings(env);
  if (problems.length > 0) throw new ConverterError(problems);
  return dataConverterOf(settings);
}

async function loadModule(path: string): Promise<DataConverter> {
  const refuse = (message: string, options?: ErrorOptions) =>
    new ConverterError([{ path: 'HEX_DATA_CONVERTER', message }], options);
  let loaded: { dataConverter?: unknown; default?: { dataConverter?: unknown } };
  try {
    loaded = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    throw refuse(`names a module that cannot be loaded: ${(cause as Error).message}`, { cause });
  }
  const converter = loaded.dataConverter ?? loaded.default?.dataConverter;
  if (typeof converter === 'object' && converter !== null) return converter as DataConverter;
  throw refuse(
    `names a module without the export "dataConverter": ${path}. Write export const dataConverter = { payloadCodecs: [...] }`,
  );
}
