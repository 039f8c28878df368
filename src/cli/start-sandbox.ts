import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { readAs, SandboxError } from '../sandbox/errors.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/server.js';
import { DEFAULT_PORT, type SandboxCommandOptions, settingsFromFlags } from './sandbox-options.js';

const scriptSchema = z.union([
  z.array(z.unknown()).transform((faults) => ({ settings: {}, projects: [], faults, runs: [] })),
  z.strictObject({
    settings: z.record(z.string(), z.unknown()).default({}),
    projects: z.array(z.unknown()).default([]),
    faults: z.array(z.unknown()).default([]),
    runs: z.array(z.unknown()).default([]),
  }),
]);

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SandboxError(`Cannot read the ${what} ${file}: ${(error as Error).message}`);
  }
}

// YAML reads JSON as well.
function readScript(file: string): unknown {
  const text = readText(file, 'script');
  try {
    return parseYaml(text);
  } catch (error) {
    throw new SandboxError(`The script ${file} is neither JSON nor YAML: ${(error as Error).message}`);
  }
}

function readTls({ tlsKey, tlsCert }: SandboxCommandOptions): SandboxOptions['tls'] {
  if (tlsKey === undefined && tlsCert === undefined) return undefined;
  if (tlsKey === undefined || tlsCert === undefined) {
    throw new SandboxError('https needs both --tls-key and --tls-cert');
  }
  return { key: readText(tlsKey, 'key'), cert: readText(tlsCert, 'certificate') };
}

/** Starts the sandbox that the options describe. Flags win over the script file's settings. */
export function startFromOptions(options: SandboxCommandOptions): Promise<Sandbox> {
  const file = options.script === undefined ? [] : readScript(options.script);
  const { settings, ...script } = readAs(scriptSchema, file, `Script ${options.script}`);
  // Everything read from outside is checked by startSandbox itself.
  return startSandbox({
    ...settings,
    ...settingsFromFlags(options),
    ...(script as Pick<SandboxOptions, 'projects' | 'faults' | 'runs'>),
    port: options.port ?? DEFAULT_PORT,
    host: options.host ?? '127.0.0.1',
    tls: readTls(options),
  });
}
