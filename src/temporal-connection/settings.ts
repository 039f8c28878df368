import type { TLSConfig } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { TemporalConnectionError } from './errors.js';

/**
 * Which server, and how: by flags, `TEMPORAL_...` variables and the profile of the TOML file, as the `temporal`
 * command.
 */
export interface TemporalSettings {
  address: string;
  namespace: string;
  /** Everything that the SDKs' connections take, the address included. */
  connection: ReturnType<typeof loadClientConnectConfig>['connectionOptions'] & { address: string };
  /** Null where the connection is to be plain. An API key alone asks for TLS as well. */
  tls: TLSConfig | null;
}

/** What wins over the environment. */
export interface SettingsOverrides {
  /** Default: `TEMPORAL_ADDRESS`, the profile, or `localhost:7233`. */
  address?: string | undefined;
  /** Default: `TEMPORAL_NAMESPACE`, the profile, or `default`. */
  namespace?: string | undefined;
}

/** Reads the settings. Throws `TemporalConnectionError` where they cannot be used. */
export function temporalSettings(overrides: SettingsOverrides = {}): TemporalSettings {
  const { TEMPORAL_TLS: tlsSwitch } = process.env;
  if (tlsSwitch && !['true', 'false', '1', '0'].includes(tlsSwitch))
    throw new TemporalConnectionError('settings', `TEMPORAL_TLS is "${tlsSwitch}": write true or false.`);
  const { connectionOptions, namespace } = load();
  const connection = {
    ...connectionOptions,
    address: overrides.address ?? connectionOptions.address ?? 'localhost:7233',
  };
  if (/^[a-z]+:\/\//i.test(connection.address))
    throw new TemporalConnectionError(
      'settings',
      `The address of the Temporal server is "${connection.address}": write host:port, without "${connection.address.split('//')[0]}//".`,
    );
  const { tls = connection.apiKey !== undefined } = connection;
  return {
    address: connection.address,
    namespace: overrides.namespace ?? namespace ?? 'default',
    connection,
    tls: tls ? (tls === true ? {} : tls) : null,
  };
}

function load(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    const { message, path } = error as NodeJS.ErrnoException;
    const variable = Object.keys(process.env).find(
      (name) => name.startsWith('TEMPORAL_') && path && process.env[name] === path,
    );
    const place = variable ?? 'TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE, or the flags of the same meaning';
    throw new TemporalConnectionError(
      'settings',
      `The configuration of Temporal cannot be used: ${message}. Check ${place}.`,
      { cause: error },
    );
  }
}
