/**
 * What keeps a connection to Temporal from being made. `settings`: variables, flags or the profile cannot be read. `tls`: one
 * side speaks TLS and the other does not. `certificate`: one of the certificates is not accepted. `key`: the API key or the
 * rights. `namespace`: it does not exist. `away`: nobody answers there, which may pass.
 */
export type ConnectionTrouble = 'settings' | 'tls' | 'certificate' | 'key' | 'namespace' | 'away';

/** There is no connection to Temporal; the message says why, what to do, and which settings are in use (never their values). */
export class TemporalConnectionError extends Error {
  override readonly name = 'TemporalConnectionError';
  readonly trouble: ConnectionTrouble;
  /** What is wrong in a few words, without what to do. Default: the message. */
  readonly reason: string;

  constructor(
    trouble: ConnectionTrouble,
    message: string,
    { reason = message, ...options }: ErrorOptions & { reason?: string } = {},
  ) {
    super(`${message}${settingsInUse()}`, options);
    this.trouble = trouble;
    this.reason = reason;
  }

  /** Whether waiting does not help. */
  get lasting(): boolean {
    return this.trouble !== 'away';
  }
}

/** Which variables choose the server; those of `temporal-hex` itself are others. */
function settingsInUse(): string {
  const names = Object.keys(process.env).filter(
    (name) => /^TEMPORAL_(?!HEX_|CLI_PATH)/.test(name) && process.env[name] !== '',
  );
  return names.length > 0 ? ` (Set: ${names.sort().join(', ')}.)` : '';
}

/** The error for a namespace that does not exist. */
export function noNamespace(name: string, options?: ErrorOptions): TemporalConnectionError {
  return new TemporalConnectionError(
    'namespace',
    `There is no namespace "${name}" on the Temporal server: check --namespace or TEMPORAL_NAMESPACE, or make it with "temporal operator namespace create --namespace ${name}".`,
    options,
  );
}
