import { own } from '../base/json.js';
import { didYouMean } from '../base/suggest.js';
import type { ConfigProblem } from './errors.js';

/** What other clients of Hex call our settings. */
const NAMES_ELSEWHERE: Readonly<Record<string, string>> = {
  HEX_API_KEY: 'HEX_API_TOKEN',
  HEX_TOKEN: 'HEX_API_TOKEN',
  HEX_API_URL: 'HEX_BASE_URL',
  HEX_API_BASE_URL: 'HEX_BASE_URL',
  HEX_URL: 'HEX_BASE_URL',
  HEX_HOST: 'HEX_BASE_URL',
};
/** Read, name by name, where they are used. */
const GROUPS = ['HEX_CONNECTION_', 'HEX_NOTIFY_', 'HEX_HTTP_SECRET_'];
/** Kubernetes tells every container of the services beside it, such as one called "hex-sandbox". */
const OF_KUBERNETES =
  /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** Variables that begin with `HEX_` and that nobody reads: a misspelt `HEX_BASEURL` would send the token to another host. */
export function unknownVariables(env: NodeJS.ProcessEnv, known: readonly string[]): ConfigProblem[] {
  const unknown = Object.keys(env).filter(
    (name) =>
      name.startsWith('HEX_') &&
      env[name] !== '' &&
      !known.includes(name) &&
      !GROUPS.some((prefix) => name.startsWith(prefix)) &&
      !OF_KUBERNETES.test(name),
  );
  return unknown.map((variable) => ({
    variable,
    message: `is an unknown setting${mend(variable, known)}`,
  }));
}

function mend(name: string, known: readonly string[]): string {
  const meant = own(NAMES_ELSEWHERE, name);
  if (meant) return `: it is called ${meant} here`;
  return didYouMean(name, known) || `: unset it; the settings are ${known.join(', ')}`;
}
