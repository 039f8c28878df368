import type { Webhook } from '../activities/notify.js';
import type { ConfigProblem } from './errors.js';

const PREFIX = 'HEX_NOTIFY_';

export interface Webhooks {
  webhooks: Record<string, Webhook>;
  problems: ConfigProblem[];
}

/** Webhooks for notifications: `HEX_NOTIFY_<NAME>_URL`, and `_FORMAT`, which is `json` (default) or `slack`. */
export function webhooksOf(env: NodeJS.ProcessEnv): Webhooks {
  const webhooks: Record<string, Webhook> = {};
  const problems: ConfigProblem[] = [];
  const formats = new Map<string, string>();
  for (const [variable, value = ''] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === '') continue;
    const match = /^(.+)_(URL|FORMAT)$/.exec(variable.slice(PREFIX.length));
    const name = match?.[1]?.toLowerCase().replaceAll('_', '-') ?? '';
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
      problems.push({
        variable,
        message: `is no setting of a webhook: write ${PREFIX}<NAME>_URL or _FORMAT`,
      });
    else if (match?.[2] === 'FORMAT') formats.set(name, value);
    else if (!isWebAddress(value))
      problems.push({ variable, message: 'is not a web address: it must begin with https:// or http://' });
    else webhooks[name] = { url: value, format: 'json' };
  }
  for (const [name, format] of formats) {
    const variable = `${PREFIX}${name.toUpperCase().replaceAll('-', '_')}`;
    const webhook = webhooks[name];
    if (format !== 'json' && format !== 'slack')
      problems.push({ variable: `${variable}_FORMAT`, message: 'must be json or slack' });
    else if (webhook) webhook.format = format;
    else if (problems.length === 0)
      problems.push({ variable: `${variable}_URL`, message: 'is missing: a format alone is of no use' });
  }
  return { webhooks, problems };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
