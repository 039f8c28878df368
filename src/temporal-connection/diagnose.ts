import { Connection, isGrpcServiceError } from '@temporalio/client';
import { clientRoute, temporalProxyNote } from '../network/temporal.js';
import { TemporalConnectionError } from './errors.js';
import { speaksTls, tcpTrouble, tlsTrouble } from './probe.js';
import type { TemporalSettings } from './settings.js';

/** gRPC's numbers: https://grpc.io/docs/guides/status-codes/ */
const REFUSALS: readonly number[] = [7, 16];
const LIMIT_MS = 3_000;

/**
 * Why a connection was not made. gRPC says little more than "not before the deadline", so the address is tried step by
 * step: who listens, who speaks TLS, whose certificate is accepted, who refuses the key.
 *
 * @param error what the SDK said
 */
export async function diagnose(settings: TemporalSettings, error: unknown): Promise<TemporalConnectionError> {
  if (error instanceof TemporalConnectionError) return error;
  const { address, tls } = settings;
  const cause = { cause: error };
  if (refusalIn(error)) return refused(settings, error);
  // Behind a proxy the address itself cannot be tried.
  const byProxy = temporalProxyNote(address);
  if (byProxy)
    return away(`${address}${byProxy}`, error instanceof Error ? error.message : `${error}`, cause);
  const tcp = await tcpTrouble(address);
  if (tcp) return away(address, tcp.message, cause);
  if (tls === null && (await speaksTls(address)))
    return new TemporalConnectionError(
      'tls',
      `The server at ${address} speaks TLS, and TLS is off: set TEMPORAL_TLS=true, or TEMPORAL_API_KEY, or the TLS settings of your profile.`,
      cause,
    );
  if (tls !== null) {
    const trouble = await tlsTrouble(address, tls);
    if (trouble && aboutCertificates(trouble)) return certificate(address, trouble, cause);
    if (trouble && (await answersPlainly(settings)))
      return new TemporalConnectionError(
        'tls',
        `The server at ${address} speaks no TLS, and TLS is on${whyOn(settings)}: set TEMPORAL_TLS=false, or check the address.`,
        cause,
      );
    if (trouble) return away(address, `TLS: ${trouble.message}`, cause);
  }
  const second = await connectError({
    ...settings.connection,
    ...clientRoute(address),
    connectTimeout: LIMIT_MS,
  });
  if (refusalIn(second)) return refused(settings, second);
  // The native SDK is stricter than Node.
  const [native] = /InvalidCertificate\(.*\)/.exec(error instanceof Error ? error.message : '') ?? [];
  if (native) return certificate(address, new Error(native), cause);
  return away(address, 'something listens there, but it does not answer as a Temporal server does', cause);
}

function away(address: string, reason: string, cause: ErrorOptions): TemporalConnectionError {
  return new TemporalConnectionError(
    'away',
    `No Temporal server answers at ${address}: ${reason}. Start one with "temporal-hex dev", or name yours with --address or TEMPORAL_ADDRESS.`,
    { ...cause, reason },
  );
}

function refused({ address, connection }: TemporalSettings, error: unknown): TemporalConnectionError {
  const what = connection.apiKey
    ? 'Check the API key (TEMPORAL_API_KEY, or of your profile), and that it may use the namespace.'
    : 'It wants an API key (TEMPORAL_API_KEY) or a client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH).';
  return new TemporalConnectionError(
    'key',
    `The Temporal server at ${address} refuses the connection: ${refusalIn(error)}. ${what}`,
    { cause: error },
  );
}

/** The words of a 401 or 403, or null. */
function refusalIn(error: unknown): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause) && REFUSALS.includes(cause.code)) return cause.details || cause.message;
  }
  return null;
}

function aboutCertificates({ code, message }: NodeJS.ErrnoException): boolean {
  return /cert|signature|altname|alert|PEM|issuer|ERR_OSSL/i.test(`${code} ${message}`);
}

function certificate(
  address: string,
  { code, message }: NodeJS.ErrnoException,
  cause: ErrorOptions,
): TemporalConnectionError {
  const remedy = /alert|required/i.test(`${code} ${message}`)
    ? 'The server wants a client certificate that it knows: TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.'
    : code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? 'Name the server as its certificate does, by the address or by TEMPORAL_TLS_SERVER_NAME.'
      : 'Give the certificate of its authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH.';
  return new TemporalConnectionError(
    'certificate',
    `No TLS connection to the Temporal server at ${address}: ${wordsOf(message)}. ${remedy}`,
    cause,
  );
}

/** OpenSSL puts its own bookkeeping around what it has to say. */
function wordsOf(message: string): string {
  return /alert [a-z ]+/.exec(message)?.[0] ?? message.trim().replace(/\.+$/, '');
}

function whyOn({ connection }: TemporalSettings): string {
  const asked = process.env.TEMPORAL_TLS !== undefined || connection.apiKey === undefined;
  return asked ? '' : ', because there is an API key';
}

/** Whether a Temporal server, or something like it, answers there without TLS. */
async function answersPlainly({ address }: TemporalSettings): Promise<boolean> {
  const error = await connectError({ ...clientRoute(address), tls: false, connectTimeout: LIMIT_MS });
  return error === null || (error instanceof Error && isGrpcServiceError(error.cause));
}

async function connectError(options: Parameters<typeof Connection.connect>[0]): Promise<unknown> {
  try {
    const connection = await Connection.connect(options);
    await connection.close();
    return null;
  } catch (error) {
    return error;
  }
}
