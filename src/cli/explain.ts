import {
  type ApplicationFailure,
  CancelledFailure,
  isGrpcServiceError,
  NamespaceNotFoundError,
  ScheduleNotFoundError,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { BackfillError } from '../client/backfills/index.js';
import { ControlRefusedError } from '../client/controls.js';
import { applicationFailureOf } from '../client/failure.js';
import { RerunError } from '../client/rerun/index.js';
import { ScheduleError } from '../client/schedules/index.js';
import { SensorError } from '../client/sensors/index.js';
import { InvalidInputError } from '../client.js';
import { ConfigError } from '../config.js';
import { isOfType } from '../contract/failure.js';
import { ConverterError } from '../encryption/settings.js';
import { HexError } from '../hex/index.js';
import { ProxySettingError } from '../network/proxy.js';
import type { FailureType } from '../run/failure-types.js';
import { SandboxError } from '../sandbox/index.js';
import { noNamespace, TemporalConnectionError } from '../temporal-connection/errors.js';
import { DevServerError, TemporalCliError } from '../temporal-server/index.js';
import { CliError } from './errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** gRPC's numbers: https://grpc.io/docs/guides/status-codes/ */
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** What to tell the user, and the exit code. Never a stack. */
export interface Explanation {
  message: string;
  code: ExitCode;
}

const TIMED_OUT: readonly FailureType[] = [
  'HexRunTimedOut',
  'HexPendingTimedOut',
  'HexQueueTimedOut',
  'HexPipelineTimedOut',
];

/** What could not be done as it was asked for; nothing was started. */
const REFUSALS = [
  InvalidInputError,
  ConfigError,
  ConverterError,
  SandboxError,
  ControlRefusedError,
  BackfillError,
  RerunError,
  ScheduleError,
  SensorError,
  ProxySettingError,
];

export function explain(error: unknown): Explanation {
  if (error instanceof CliError) return { message: error.message, code: error.code };
  if (REFUSALS.some((kind) => isA<Error>(error, kind)))
    return { message: wordsOf(error), code: EXIT.badInput };
  if (error instanceof HexError) return { message: `${error.message}. ${error.hint}`, code: EXIT.noHex };
  if (isA(error, TemporalConnectionError))
    return { message: error.message, code: error.lasting ? EXIT.badInput : EXIT.noTemporal };
  if (error instanceof NamespaceNotFoundError)
    return { message: noNamespace(error.namespace).message, code: EXIT.badInput };
  if (error instanceof TemporalCliError || error instanceof DevServerError)
    return { message: error.message, code: EXIT.noTemporal };
  if (error instanceof WorkflowFailedError) return explainEnd(error);
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return {
      message: `A workflow with the id "${error.workflowId}" is running already, or has run and its id may not be used again. Choose another --workflow-id, or wait for its end.`,
      code: EXIT.badInput,
    };
  if (error instanceof ScheduleNotFoundError)
    return {
      message: `There is no schedule "${error.scheduleId}" there. "temporal-hex schedule list" shows all; check --namespace and --address.`,
      code: EXIT.badInput,
    };
  if (error instanceof WorkflowNotFoundError)
    return {
      message: `There is no workflow "${error.workflowId}" there. Check the id, --namespace and --address.`,
      code: EXIT.badInput,
    };
  return explainTemporal(error) ?? { message: wordsOf(error), code: EXIT.failed };
}

/** Whether it is of this kind, or of that of the process of a console, whose classes are others. */
function isA<Kind extends Error>(
  error: unknown,
  kind: abstract new (...given: never[]) => Kind,
): error is Kind {
  return error instanceof kind || (error instanceof Error && error.name === kind.name);
}

/** How a run or a pipeline ended, when not well. */
function explainEnd(error: WorkflowFailedError): Explanation {
  const { cause } = error;
  if (cause instanceof CancelledFailure)
    return {
      message: 'Cancelled: its runs in Hex have been cancelled and have ended.',
      code: EXIT.cancelled,
    };
  if (cause instanceof TerminatedFailure)
    return { message: `Terminated: ${cause.message}`, code: EXIT.cancelled };
  if (cause instanceof TimeoutFailure)
    return {
      message: 'The workflow reached the time limit that Temporal was given for it.',
      code: EXIT.timedOut,
    };
  const failure = applicationFailureOf(error);
  if (!failure) return { message: wordsOf(cause ?? error), code: EXIT.failed };
  return { message: failure.message, code: codeOf(failure) };
}

function codeOf(failure: ApplicationFailure): ExitCode {
  if (isOfType(failure, 'InvalidInput', 'KeyExists')) return EXIT.badInput;
  // It was cancelled, and its run goes on in Hex as it was told to.
  if (isOfType(failure, 'HexRunLeftRunning')) return EXIT.cancelled;
  return isOfType(failure, ...TIMED_OUT) ? EXIT.timedOut : EXIT.failed;
}

/** What the Temporal server said, or that it said nothing. The SDK hides gRPC's own words in the cause. */
function explainTemporal(error: unknown): Explanation | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (!isGrpcServiceError(cause)) continue;
    const said = `Temporal: ${(cause.details || cause.message).replace(/\.+$/, '')}.`;
    if (cause.code === PERMISSION_DENIED || cause.code === UNAUTHENTICATED)
      return {
        message: `${said} Check TEMPORAL_API_KEY, the TLS settings of your profile, and --namespace.`,
        code: EXIT.badInput,
      };
    if (cause.code === NOT_FOUND || cause.code === INVALID_ARGUMENT)
      return { message: said, code: EXIT.badInput };
    const away = cause.code === UNAVAILABLE || cause.code === DEADLINE_EXCEEDED;
    return away
      ? { message: `${said} Check that the server is up, and ask again.`, code: EXIT.noTemporal }
      : { message: said, code: EXIT.failed };
  }
  return null;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
