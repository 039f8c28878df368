export { DEFAULT_READ_LIMITS, type ReadLimits } from '../limits/hex-limits.js';
export type { RunNotification } from '../run/notification.js';
export { type HexRunStatus, isTerminal, statusHint } from '../run/status.js';
export type { CallOptions } from './call.js';
export { createHexClient, type HexClientOptions, type Observe } from './client.js';
export {
  HexAuthError,
  HexError,
  type HexErrorKind,
  HexForbiddenError,
  HexInvalidRequestError,
  HexNetworkError,
  HexNoKernelError,
  HexNotFoundError,
  HexRateLimitedError,
  HexUnavailableError,
  HexUnexpectedAnswerError,
  type Outcome,
  type RequestSent,
} from './errors/index.js';
export { normalizeBaseUrl } from './paths.js';
export { type Asked, askAgain, type Heard, heardClient, outOfReach } from './reach.js';
export { createLearnedReads, type LearnedReads, type ReadHint } from './reads/learned-reads.js';
export {
  backgroundIntervalMs,
  createReadPacing,
  type ReadPacing,
  type SharedPacing,
} from './reads/pacing.js';
export { createSharedReads, type SharedReads } from './reads/shared-reads.js';
export type { RunProjectRequest } from './run-request.js';
export { cleanToken } from './token.js';
export type {
  HexClient,
  HexConnection,
  HexIdentity,
  HexProject,
  HexRunInfo,
  ProjectFilter,
  RunPage,
  RunQuery,
  StartedRun,
} from './types.js';
