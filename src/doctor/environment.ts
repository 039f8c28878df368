import { existsSync } from 'node:fs';
import { type Config, ConfigError } from '../config.js';
import { ProxySettingError, proxyFor } from '../network/proxy.js';
import { temporalProxyNote } from '../network/temporal.js';
import { version } from '../version.js';
import { type Finding, failed, ok, type Probe, skipped, warn } from './check.js';

/** The configuration of the worker, as far as the environment of this command has it. */
export type Configuration = { config: Config } | { error: unknown };

/** The oldest Node that this package works on. */
const NODE = [20, 19] as const;

/** What this machine and its environment say, without asking anybody. */
export function environmentProbes(configuration: Configuration, address: string | null): Probe[] {
  const config = 'config' in configuration ? configuration.config : null;
  const withConfig = (look: (config: Config) => Finding) => () =>
    config ? look(config) : skipped('The configuration cannot be used.');
  return [
    { id: 'versions', look: versions },
    { id: 'configuration', look: () => configurationOf(configuration) },
    { id: 'configuration.alerts', look: withConfig(alerts) },
    { id: 'configuration.pipelines', look: withConfig(pipelinesFolder) },
    { id: 'network.proxy', look: () => proxies(address, config) },
  ];
}

function versions(): Finding {
  const text = `temporal-hex ${version}, Node ${process.version}, ${process.platform} ${process.arch}`;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const old = major < NODE[0] || (major === NODE[0] && minor < NODE[1]);
  return old ? failed(text, `Install Node ${NODE.join('.')} or newer.`, 'settings') : ok(text);
}

function configurationOf(configuration: Configuration): Finding {
  if ('config' in configuration) {
    const { connections, taskQueue, build } = configuration.config;
    const names = Object.keys(connections).join(', ') || 'none here';
    const of = build ? `; build ${build.deploymentName}.${build.buildId}` : '';
    return ok(`Task queue "${taskQueue}"; connections: ${names}${of}`);
  }
  const { error } = configuration;
  if (!(error instanceof ConfigError)) throw error;
  const problems = error.problems.map(({ variable, message }) => `${variable} ${message}`);
  return failed(problems.join('; '), 'Correct these variables: docs/configuration.md.', 'settings');
}

function alerts({ alerts, webhooks }: Config): Finding {
  if (alerts.length > 0) return ok(`Alerts go to ${alerts.join(', ')}`);
  const known = Object.keys(webhooks);
  return warn(
    'Nobody gets the alerts: clean-ups that failed, strays, a Hex that cannot be reached.',
    `Set HEX_NOTIFY_ALERTS on the worker to ${known.length > 0 ? `one of ${known.join(', ')}` : 'a webhook'}: docs/notifications.md.`,
  );
}

function pipelinesFolder({ pipelinesDir }: Config): Finding {
  if (pipelinesDir === null) return ok('No pipelines by name (HEX_PIPELINES_DIR is not set)');
  if (existsSync(pipelinesDir)) return ok(`Pipelines by name are read from ${pipelinesDir}`);
  return failed(
    `HEX_PIPELINES_DIR is ${pipelinesDir}, which does not exist here.`,
    'Mount the folder into the worker, or correct the variable.',
    'settings',
  );
}

function proxies(address: string | null, config: Config | null): Finding {
  try {
    const used = Object.values(config?.connections ?? {}).flatMap(({ name, baseUrl }) => {
      const proxy = proxyFor(new URL(baseUrl));
      return proxy ? [`Hex, connection ${name} (through the proxy of ${proxy.variable})`] : [];
    });
    const toTemporal = address === null ? '' : temporalProxyNote(address);
    if (toTemporal !== '') used.unshift(`Temporal${toTemporal}`);
    return ok(used.join('; ') || 'No proxy is used');
  } catch (error) {
    if (!(error instanceof ProxySettingError)) throw error;
    return failed(error.message, 'Correct the variable, or name the host in NO_PROXY.', 'settings');
  }
}
