import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { formatDuration } from '../base/duration.js';
import {
  registeringCommands,
  SEARCH_ATTRIBUTE_NUMBERS,
  searchAttributeTypes,
} from '../contract/search-attributes.js';
import { environmentConverter } from '../encryption/settings.js';
import { clientRoute } from '../network/temporal.js';
import { diagnose } from '../temporal-connection/diagnose.js';
import { noNamespace, TemporalConnectionError } from '../temporal-connection/errors.js';
import {
  type SettingsOverrides,
  type TemporalSettings,
  temporalSettings,
} from '../temporal-connection/settings.js';
import { type Finding, failed, ok, type Probe, skipped, warn, wordsOf } from './check.js';

/** A connection to Temporal, or what is in its way. */
export type Reached =
  | { client: Client; settings: TemporalSettings; tookMs: number }
  | { trouble: TemporalConnectionError };

const CONNECT_MS = 2_500;
const DAY_MS = 86_400_000;
/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/** Connects by the same settings as all commands. Never rejects. */
export async function reachTemporal(overrides: SettingsOverrides): Promise<Reached> {
  const startedAtMs = Date.now();
  let settings: TemporalSettings | null = null;
  try {
    settings = temporalSettings(overrides);
    const connection = await Connection.connect({
      ...settings.connection,
      ...clientRoute(settings.address),
      connectTimeout: CONNECT_MS,
    });
    // Settings of encryption that cannot be used are a finding of the configuration.
    const dataConverter = await environmentConverter().catch(() => undefined);
    const client = new Client({
      connection,
      namespace: settings.namespace,
      ...(dataConverter && { dataConverter }),
    });
    return { client, settings, tookMs: Date.now() - startedAtMs };
  } catch (error) {
    if (settings) return { trouble: await diagnose(settings, error) };
    if (error instanceof TemporalConnectionError) return { trouble: error };
    return { trouble: new TemporalConnectionError('settings', wordsOf(error), { cause: error }) };
  }
}

/** A look that needs Temporal; skipped where it is out of reach. */
export const onTemporal =
  (reached: Promise<Reached>, look: (client: Client, settings: TemporalSettings) => Promise<Finding>) =>
  async (): Promise<Finding> => {
    const found = await reached;
    return 'trouble' in found
      ? skipped('There is no connection to Temporal.')
      : look(found.client, found.settings);
  };

/** The connection, step by step, and what a namespace must have. */
export function temporalProbes(reached: Promise<Reached>): Probe[] {
  return [
    { id: 'temporal.settings', look: async () => settingsOf(await reached) },
    { id: 'temporal.server', look: async () => serverOf(await reached) },
    { id: 'temporal.tls', look: async () => tlsOf(await reached) },
    { id: 'temporal.key', look: async () => keyOf(await reached) },
    { id: 'temporal.namespace', look: onTemporal(reached, namespaceOf) },
    { id: 'temporal.search-attributes', look: onTemporal(reached, attributesOf) },
  ];
}

/** The finding of the step that went wrong; null where it was another. */
function troubleOf(
  found: Reached,
  kinds: readonly string[],
  blame: 'settings' | 'temporal' = 'settings',
): Finding | null {
  if (!('trouble' in found)) return null;
  const { trouble, reason, message } = found.trouble;
  if (!kinds.includes(trouble)) return null;
  const remedy =
    message === reason
      ? 'Correct the settings that are named: docs/cli.md.'
      : message.slice(message.indexOf(reason) + reason.length).replace(/^[.\s]+/, '');
  return failed(reason, remedy, blame);
}

function settingsOf(found: Reached): Finding {
  const wrong = troubleOf(found, ['settings']);
  if (wrong) return wrong;
  if ('trouble' in found) return ok('They can be read');
  const { address, namespace, tls, connection } = found.settings;
  return ok(
    `${address}, namespace "${namespace}", ${tls === null ? 'no TLS' : 'TLS'}, ${connection.apiKey ? 'with an API key' : 'without API key'}`,
  );
}

async function serverOf(found: Reached): Promise<Finding> {
  const wrong = troubleOf(found, ['away'], 'temporal');
  if (wrong) return wrong;
  if ('trouble' in found)
    return found.trouble.trouble === 'settings' ? skipped('The settings cannot be used.') : ok('It answers');
  const { serverVersion } = await found.client.workflowService.getSystemInfo({});
  return ok(
    `Temporal ${serverVersion || 'of an unknown version'}, connected in ${formatDuration(found.tookMs)}`,
  );
}

function tlsOf(found: Reached): Finding {
  const wrong = troubleOf(found, ['tls', 'certificate']);
  if (wrong) return wrong;
  if ('trouble' in found)
    return found.trouble.trouble === 'key' ? ok('It is agreed upon') : skipped('It was not reached.');
  return ok(found.settings.tls === null ? 'Neither side speaks TLS' : 'The certificates are accepted');
}

function keyOf(found: Reached): Finding {
  const wrong = troubleOf(found, ['key']);
  if (wrong) return wrong;
  if ('trouble' in found) return skipped('It was not asked for yet.');
  return ok(found.settings.connection.apiKey ? 'The API key is accepted' : 'No key is asked for');
}

async function namespaceOf(client: Client, { namespace }: TemporalSettings): Promise<Finding> {
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const keptMs = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
    const text = `"${namespace}" keeps closed workflows for ${formatDuration(keptMs)}`;
    if (keptMs >= DAY_MS) return ok(text);
    const remedy = `Keep them for a day or more, or reruns and the janitor miss them: temporal operator namespace update --namespace ${namespace} --retention 72h`;
    return warn(text, remedy);
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== NOT_FOUND) throw error;
    const { reason } = noNamespace(namespace);
    const at = reason.indexOf(':');
    return failed(`${reason.slice(0, at)}.`, `C${reason.slice(at + 3)}`, 'settings');
  }
}

async function attributesOf(client: Client, { namespace, address }: TemporalSettings): Promise<Finding> {
  const known = await knownAttributes(client, namespace);
  const ours = Object.entries(searchAttributeTypes());
  const wrong = ours.filter(
    ([name, type]) => known[name] !== undefined && known[name] !== SEARCH_ATTRIBUTE_NUMBERS[type],
  );
  if (wrong.length > 0)
    return failed(
      `${wrong.map(([name]) => name).join(', ')} exist with another type than ours.`,
      'Remove or rename them (temporal operator search-attribute remove), then start a worker, which adds them.',
      'settings',
    );
  const missing = ours.filter(([name]) => known[name] === undefined);
  if (missing.length === 0) return ok(`All ${ours.length} are there`);
  const { selfHosted, cloud } = registeringCommands(Object.fromEntries(missing), namespace);
  return warn(
    `Missing: ${missing.map(([name]) => name).join(', ')}. Runs cannot be searched for by them.`,
    isCloud(address) ? cloud : selfHosted,
  );
}

/** The search attributes that a namespace knows, by name, with the numbers of their types. */
export async function knownAttributes(
  { connection }: Client,
  namespace: string,
): Promise<Record<string, number>> {
  const { operatorService, workflowService } = connection as Connection;
  try {
    return (await operatorService.listSearchAttributes({ namespace })).customAttributes ?? {};
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    // Temporal Cloud has no operator service.
    return (await workflowService.getSearchAttributes({})).keys ?? {};
  }
}

/** Whether the server is Temporal Cloud, which has commands of its own. */
export const isCloud = (address: string) => /\.(tmprl\.cloud|temporal\.io)(:\d+)?$/.test(address);
