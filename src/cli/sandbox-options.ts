import { type Command, InvalidArgumentError, Option } from 'commander';
import { parse as parseYaml } from 'yaml';
import { hexLimits, settingNames } from '../sandbox/settings.js';
import { collect, portNumber } from './command.js';

/** The options of the sandbox command, as commander hands them over; what was not given is undefined. */
export interface SandboxCommandOptions {
  port?: number;
  host?: string;
  token?: string[];
  readOnlyToken?: string[];
  strict?: boolean;
  duration?: string;
  clockFactor?: number;
  script?: string;
  limits?: 'on' | 'off';
  requestsPerMinute?: number;
  readsPerMinute?: number;
  readsPerHour?: number;
  startsPerMinute?: number;
  startsPerHour?: number;
  kernels?: number;
  retryAfter?: boolean;
  dialect?: '2026-07' | '2026-10';
  legacy?: boolean;
  /** False by --no-singular-paths; commander's own default is true. */
  singularPaths?: boolean;
  unpublishedStatus?: 422 | 404;
  unknownFields?: 'ignore' | 'reject';
  seed?: number;
  publicUrl?: string;
  tlsKey?: string;
  tlsCert?: string;
  set?: Record<string, unknown>;
}

/** Port of the sandbox command, unless --port says otherwise. */
export const DEFAULT_PORT = 4390;

function integerFrom(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min)
      throw new InvalidArgumentError(`Give a whole number from ${min}.`);
    return value;
  };
}

function aboveZero(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

function unpublishedStatus(text: string): 422 | 404 {
  if (text === '422') return 422;
  if (text === '404') return 404;
  throw new InvalidArgumentError('Give 422 or 404.');
}

function nameAndValue(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const [, name, value] = /^([A-Za-z]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined || !settingNames.includes(name)) {
    throw new InvalidArgumentError(`Give name=value with one of ${settingNames.join(', ')}.`);
  }
  return { ...before, [name]: parseYaml(value) };
}

/** Puts the options of the sandbox on a command. None has a default here: a script file's settings may decide. */
export function addSandboxOptions(command: Command): Command {
  const limit = integerFrom(1);
  return command
    .option('--port <number>', `port to listen on; 0 = any free one (default: ${DEFAULT_PORT})`, portNumber)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--token <token>', 'accept only this token (repeatable); else any is good', collect)
    .option('--read-only-token <token>', 'a token that may only read (repeatable)', collect)
    .option('--strict', 'only declared projects exist; else any id is a published project')
    .option('--duration <time>', 'life of a run: 250ms, 5s, 10m, forever; 0 = over at once (default: 5s)')
    .option('--clock-factor <number>', 'sandbox seconds per real second (default: 1)', aboveZero)
    .option('--script <file>', 'JSON or YAML: a list of faults, or {settings, projects, faults, runs}')
    .addOption(
      new Option('--limits <switch>', "Hex's rate and kernel limits (default: off)").choices(['on', 'off']),
    )
    .option('--requests-per-minute <n>', `limit on all requests (Hex: ${hexLimits.globalPerMinute})`, limit)
    .option('--reads-per-minute <n>', `limit on reads (Hex: ${hexLimits.readsPerMinute})`, limit)
    .option('--reads-per-hour <n>', `limit on reads (Hex: ${hexLimits.readsPerHour})`, limit)
    .option('--starts-per-minute <n>', `limit on run starts (Hex: ${hexLimits.startsPerMinute})`, limit)
    .option('--starts-per-hour <n>', `limit on run starts (Hex: ${hexLimits.startsPerHour})`, limit)
    .option('--kernels <n>', `live runs at once of one user (Hex: ${hexLimits.kernels})`, limit)
    .option('--retry-after', 'send Retry-After with a 429')
    .addOption(
      new Option('--dialect <release>', 'reference the run endpoints follow (default: 2026-10)').choices([
        '2026-07',
        '2026-10',
      ]),
    )
    .option('--legacy', 'answer as older scripts expect')
    .option('--no-singular-paths', 'do not serve /project/{id}/run')
    .option(
      '--unpublished-status <status>',
      'answer to a start of an unpublished project: 422 or 404 (default: 422)',
      unpublishedStatus,
    )
    .addOption(
      new Option('--unknown-fields <what>', 'unknown keys in the body of a start (default: ignore)').choices([
        'ignore',
        'reject',
      ]),
    )
    .option('--seed <number>', 'seed of the chances of faults (default: 1)', integerFrom(0))
    .option('--public-url <origin>', 'origin for addresses in answers; else the one the client asked')
    .option('--tls-key <file>', 'serve https: private key, PEM')
    .option('--tls-cert <file>', 'serve https: certificate, PEM')
    .option('--set <name=value>', 'any other setting, see docs/sandbox.md (repeatable)', nameAndValue);
}

function given(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** The settings that flags name; a limit of its own stands beside, or corrects, `--limits on`. */
export function settingsFromFlags(options: SandboxCommandOptions): Record<string, unknown> {
  const limits = given({
    globalPerMinute: options.requestsPerMinute,
    readsPerMinute: options.readsPerMinute,
    readsPerHour: options.readsPerHour,
    startsPerMinute: options.startsPerMinute,
    startsPerHour: options.startsPerHour,
    kernels: options.kernels,
  });
  const limited = options.limits === 'on' ? { ...hexLimits, ...limits } : limits;
  const anyLimit = options.limits !== undefined || Object.keys(limits).length > 0;
  return given({
    tokens: options.token,
    readOnlyTokens: options.readOnlyToken,
    strict: options.strict,
    // A bare number on the command line is milliseconds, as everywhere else.
    duration: options.duration,
    clockFactor: options.clockFactor,
    limits: anyLimit ? limited : undefined,
    retryAfter: options.retryAfter,
    dialect: options.dialect,
    legacy: options.legacy,
    singularPaths: options.singularPaths === false ? false : undefined,
    unpublishedStatus: options.unpublishedStatus,
    unknownFields: options.unknownFields,
    seed: options.seed,
    publicUrl: options.publicUrl,
    ...options.set,
  });
}
