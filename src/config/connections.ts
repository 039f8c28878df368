import { z } from 'zod';
import {
  cleanToken,
  DEFAULT_READ_LIMITS,
  type HexConnection,
  normalizeBaseUrl,
  type ReadLimits,
} from '../hex/index.js';
import { type LimitsPatch, spedUp } from '../limits/index.js';
import { MINUTE_MS } from '../limits/windows.js';
import type { ConfigProblem } from './errors.js';
import { duration, factor, flag, limit, optional } from './settings.js';
import { tokenFromFile } from './token-file.js';

const DEFAULT_BASE_URL = 'https://app.hex.tech';
const DEFAULT_NAME = 'default';
const PREFIX = 'HEX_CONNECTION_';

/** Runs `parse` and turns its error into an issue of the schema. */
const parsedBy = (parse: (text: string) => string, remedy: string) =>
  z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue(`cannot be used: ${error instanceof Error ? error.message : 'unreadable'}; ${remedy}`);
      return z.NEVER;
    }
  });

/** The settings of a connection, by the end of the variable's name. A new setting is a new line here and in `connect`. */
const settings = {
  API_TOKEN: optional(parsedBy(cleanToken, 'set it to the token as Hex shows it, without "Bearer"')),
  API_TOKEN_FILE: optional(z.string()),
  BASE_URL: optional(
    parsedBy(normalizeBaseUrl, 'set it to the host of your workspace, with or without /api/v1'),
  ),
  LEGACY_PATHS: optional(flag),
  REQUEST_TIMEOUT: optional(duration('10m')),
  LIMITS: optional(flag),
  STARTS_PER_MINUTE: optional(limit),
  STARTS_PER_HOUR: optional(limit),
  KERNELS: optional(limit),
  READS_PER_MINUTE: optional(limit),
  READS_PER_HOUR: optional(limit),
  CLOCK_FACTOR: optional(factor),
};

type Setting = keyof typeof settings;
const NAMES = Object.keys(settings) as Setting[];

/** The variables of the default connection. */
export const CONNECTION_VARIABLES: readonly string[] = NAMES.map((setting) => `HEX_${setting}`);

const schema = z.object(settings);

/** Variables of one connection: `HEX_` + setting, or `HEX_CONNECTION_<NAME>_` + setting. */
interface Group {
  name: string;
  prefix: string;
}

export interface Connections {
  connections: Record<string, HexConnection>;
  /** Limits of starts that differ from the defaults, by connection; `off` for none. */
  limits: Record<string, LimitsPatch | 'off'>;
  /** Limits of reads, by connection; `off` for none. */
  reads: Record<string, ReadLimits | 'off'>;
  problems: ConfigProblem[];
}

/** Every connection of the environment. One without a token is left out, and is a problem where it has other settings. */
export function connectionsOf(env: NodeJS.ProcessEnv): Connections {
  const { groups, problems } = groupsOf(env);
  const connections: Record<string, HexConnection> = {};
  const limits: Connections['limits'] = {};
  const reads: Connections['reads'] = {};
  for (const group of groups) {
    const found = connect(group, env, problems);
    if (!found) continue;
    connections[group.name] = found.connection;
    limits[group.name] = found.limits;
    reads[group.name] = found.reads;
  }
  return { connections, limits, reads, problems };
}

function groupsOf(env: NodeJS.ProcessEnv): { groups: Group[]; problems: ConfigProblem[] } {
  const groups = new Map<string, Group>([[DEFAULT_NAME, { name: DEFAULT_NAME, prefix: 'HEX_' }]]);
  const problems: ConfigProblem[] = [];
  for (const variable of Object.keys(env).filter((key) => key.startsWith(PREFIX) && env[key] !== '')) {
    const setting = NAMES.find((end) => variable.endsWith(`_${end}`));
    const label = setting && variable.slice(PREFIX.length, -setting.length - 1);
    const name = label?.toLowerCase().replaceAll('_', '-') ?? '';
    const prefix = `${PREFIX}${label}_`;
    if (!setting || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
      problems.push({
        variable,
        message: `is not a setting of a connection: write ${PREFIX}<NAME>_ and one of ${NAMES.join(', ')}`,
      });
    else if (name === DEFAULT_NAME)
      problems.push({ variable, message: `is the default connection's: write HEX_${setting}` });
    else if ((groups.get(name)?.prefix ?? prefix) !== prefix)
      problems.push({ variable, message: `names connection "${name}" a second time: spell it one way` });
    else groups.set(name, { name, prefix });
  }
  return { groups: [...groups.values()], problems };
}

function connect({ name, prefix }: Group, env: NodeJS.ProcessEnv, problems: ConfigProblem[]) {
  const parsed = schema.safeParse(Object.fromEntries(NAMES.map((end) => [end, env[`${prefix}${end}`]])));
  const before = problems.length;
  for (const { path, message } of parsed.error?.issues ?? [])
    problems.push({ variable: `${prefix}${path.join('.')}`, message });
  if (!parsed.success) return null;
  const { API_TOKEN: token, API_TOKEN_FILE: file, BASE_URL, LEGACY_PATHS, REQUEST_TIMEOUT } = parsed.data;
  const variable = `${prefix}API_TOKEN`;
  if (token !== undefined && file !== undefined)
    problems.push({ variable, message: `and ${variable}_FILE are both set: leave one out` });
  if (token === undefined && file === undefined && name !== DEFAULT_NAME)
    problems.push({
      variable,
      message: `is missing: set it, or ${variable}_FILE, to give the connection a token`,
    });
  if (problems.length > before) return null;
  const read =
    token !== undefined ? () => token : file !== undefined && tokenFromFile(file, `${variable}_FILE`);
  if (!read) return null;
  const connection: HexConnection = { name, baseUrl: BASE_URL ?? DEFAULT_BASE_URL, token: read };
  if (LEGACY_PATHS !== undefined) connection.legacyPaths = LEGACY_PATHS;
  if (REQUEST_TIMEOUT !== undefined) connection.timeoutMs = REQUEST_TIMEOUT;
  return { connection, limits: limitsOf(parsed.data), reads: readsOf(parsed.data) };
}

function limitsOf(found: z.infer<typeof schema>): LimitsPatch | 'off' {
  if (found.LIMITS === false) return 'off';
  const { STARTS_PER_MINUTE: perMinute, STARTS_PER_HOUR: perHour, KERNELS: kernels, CLOCK_FACTOR } = found;
  return {
    ...(CLOCK_FACTOR !== undefined && spedUp(CLOCK_FACTOR)),
    ...((perMinute !== undefined || perHour !== undefined) && {
      starts: { ...(perMinute !== undefined && { perMinute }), ...(perHour !== undefined && { perHour }) },
    }),
    ...(kernels !== undefined && { kernels }),
  };
}

function readsOf(found: z.infer<typeof schema>): ReadLimits | 'off' {
  const { LIMITS, READS_PER_MINUTE: perMinute, READS_PER_HOUR: perHour, CLOCK_FACTOR } = found;
  if (LIMITS === false || perMinute === null) return 'off';
  return {
    perMinute: perMinute ?? DEFAULT_READ_LIMITS.perMinute,
    perHour: perHour === undefined ? DEFAULT_READ_LIMITS.perHour : perHour,
    ...(CLOCK_FACTOR !== undefined && { minuteMs: MINUTE_MS / CLOCK_FACTOR }),
  };
}
