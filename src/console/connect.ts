import { Client, Connection } from '@temporalio/client';
import { environmentConverter } from '../encryption/settings.js';
import { clientRoute } from '../network/temporal.js';
import { type SettingsOverrides, temporalSettings } from '../temporal-connection/settings.js';

/**
 * A client by the same settings as all commands, which connects when it is first used and whenever the server is there again: a console is
 * up before the server is, and says so.
 */
export async function lazyClient(overrides: SettingsOverrides): Promise<Client> {
  const settings = temporalSettings(overrides);
  const dataConverter = await environmentConverter();
  const connection = Connection.lazy({ ...settings.connection, ...clientRoute(settings.address) });
  return new Client({ connection, namespace: settings.namespace, ...(dataConverter && { dataConverter }) });
}
