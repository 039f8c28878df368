import { didYouMean } from '../base/suggest.js';
import { readHeaders } from '../notifications/headers.js';
import { FORMATS, type Format, type Secret, type Webhook } from '../notifications/webhook.js';
import type { ConfigProblem } from './errors.js';
import { tokenFromFile } from './token-file.js';

const PREFIX = 'HEX_NOTIFY_';
const ALERTS = 'HEX_NOTIFY_ALERTS';
/** Of the Events API v2; that of the EU is another. */
const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';
const SHORTEST_SECRET = 16;

/**
 * The settings of a webhook that may be secrets, by the end of the variable's name; each may be in a file (`_FILE`) instead. A
 * check returns the value as it is used, or throws what is wrong with it.
 */
const SECRETS = {
  URL: checkedUrl,
  SECRET: checkedSecret,
  HEADERS: (text: string) => {
    readHeaders(text);
    return text;
  },
  ROUTING_KEY: checkedRoutingKey,
} satisfies Record<string, (text: string) => string>;

type SecretName = keyof typeof SECRETS;
const SECRET_NAMES = Object.keys(SECRETS) as SecretName[];
/** Longer ends first, so that a `_URL_FILE` is no file of a webhook that is called "url". */
const SETTINGS = [...SECRET_NAMES.map((name) => `${name}_FILE`), ...SECRET_NAMES, 'FORMAT'];

export interface Webhooks {
  webhooks: Record<string, Webhook>;
  /** Names of the webhooks that alerts go to. */
  alerts: string[];
  problems: ConfigProblem[];
}

/** Webhooks for notifications, `HEX_NOTIFY_<NAME>_URL` and the like, and who gets the alerts of the workers. */
export function webhooksOf(env: NodeJS.ProcessEnv): Webhooks {
  const { prefixes, problems } = prefixesOf(env);
  const webhooks: Record<string, Webhook> = {};
  for (const [name, prefix] of prefixes) {
    const webhook = webhookOf(prefix, env, problems);
    if (webhook) webhooks[name] = webhook;
  }
  return { webhooks, alerts: alertsOf(env[ALERTS] ?? '', [...prefixes.keys()], problems), problems };
}

function prefixesOf(env: NodeJS.ProcessEnv): { prefixes: Map<string, string>; problems: ConfigProblem[] } {
  const prefixes = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const [variable, value = ''] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === ALERTS || value === '') continue;
    const setting = SETTINGS.find((end) => variable.endsWith(`_${end}`));
    const label = setting && variable.slice(PREFIX.length, -setting.length - 1);
    const name = label?.toLowerCase().replaceAll('_', '-') ?? '';
    const prefix = `${PREFIX}${label}_`;
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
      problems.push({
        variable,
        message: `is no setting of a webhook: write ${urlVariable(variable)} for its address, ${ALERTS}, or ${PREFIX}<NAME>_ and one of ${SETTINGS.join(', ')}`,
      });
    else if ((prefixes.get(name) ?? prefix) !== prefix)
      problems.push({ variable, message: `names webhook "${name}" a second time: spell it one way` });
    else prefixes.set(name, prefix);
  }
  return { prefixes, problems };
}

/** What somebody meant who left the end out, such as `HEX_NOTIFY_OPS_URL`. */
function urlVariable(variable: string): string {
  const name = variable
    .slice(PREFIX.length)
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
  return `${PREFIX}${name || '<NAME>'}_URL`;
}

function webhookOf(prefix: string, env: NodeJS.ProcessEnv, problems: ConfigProblem[]): Webhook | null {
  const before = problems.length;
  const format = formatOf(env[`${prefix}FORMAT`] || 'json');
  if (!format)
    problems.push({ variable: `${prefix}FORMAT`, message: `must be one of ${FORMATS.join(', ')}` });
  const secrets: Partial<Record<SecretName, Secret>> = {};
  for (const name of SECRET_NAMES) {
    const found = secretOf(`${prefix}${name}`, name, env, problems);
    if (found) secrets[name] = found;
  }
  const { URL: url, SECRET: secret, HEADERS: headers, ROUTING_KEY: routingKey } = secrets;
  const given = (name: SecretName) => Boolean(env[`${prefix}${name}`] || env[`${prefix}${name}_FILE`]);
  const pagerduty = format === 'pagerduty';
  if (!given('URL') && !pagerduty)
    problems.push({
      variable: `${prefix}URL`,
      message: 'is missing: the other settings alone are of no use',
    });
  if (pagerduty && !given('ROUTING_KEY'))
    problems.push({
      variable: `${prefix}ROUTING_KEY`,
      message: 'is missing: set it to the integration key of a PagerDuty service (Events API v2)',
    });
  if (!pagerduty && given('ROUTING_KEY'))
    problems.push({
      variable: `${prefix}ROUTING_KEY`,
      message: `is only for the format pagerduty: set ${prefix}FORMAT, or leave it out`,
    });
  if (problems.length > before || !format) return null;
  return {
    format,
    url: url ?? (() => PAGERDUTY_URL),
    ...(secret && { secret }),
    ...(headers && { headers }),
    ...(routingKey && { routingKey }),
  };
}

function formatOf(text: string): Format | null {
  return FORMATS.find((format) => format === text) ?? null;
}

function secretOf(
  variable: string,
  name: SecretName,
  env: NodeJS.ProcessEnv,
  problems: ConfigProblem[],
): Secret | null {
  const value = env[variable];
  const file = env[`${variable}_FILE`];
  const check = SECRETS[name];
  if (value && file) {
    problems.push({ variable, message: `and ${variable}_FILE are both set: leave one out` });
    return null;
  }
  if (file) {
    const read = tokenFromFile(file, `${variable}_FILE`, name.toLowerCase().replaceAll('_', ' '));
    return async () => {
      const text = (await read()).trim();
      try {
        return check(text);
      } catch (error) {
        throw new Error(
          `the content of the file of ${variable}_FILE cannot be used: ${(error as Error).message}`,
        );
      }
    };
  }
  if (!value) return null;
  try {
    const checked = check(value.trim());
    return () => checked;
  } catch (error) {
    problems.push({ variable, message: `cannot be used: ${(error as Error).message}` });
    return null;
  }
}

function checkedUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error('it is not a web address, which begins with https:// or http://');
  const { username, password } = new URL(text);
  if (username || password)
    throw new Error('it has a user or a password in it: put them into the header "authorization" (_HEADERS)');
  return text;
}

function checkedSecret(text: string): string {
  if (text.length < SHORTEST_SECRET)
    throw new Error(
      `it is too short: take at least ${SHORTEST_SECRET} random characters, as of "openssl rand -hex 32"`,
    );
  return text;
}

function checkedRoutingKey(text: string): string {
  if (!/^[A-Za-z0-9]{32}$/.test(text))
    throw new Error('it is not the key of an integration, which has 32 letters and digits');
  return text;
}

function alertsOf(text: string, known: readonly string[], problems: ConfigProblem[]): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  for (const name of names.filter((each) => !known.includes(each))) {
    const hint = didYouMean(name, known) || `; known: ${known.join(', ') || 'none'}`;
    problems.push({
      variable: ALERTS,
      message: `names the webhook "${name}", which has no settings (${PREFIX}<NAME>_URL)${hint}`,
    });
  }
  return names;
}
