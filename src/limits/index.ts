export { answeredBySignal, withoutAhead } from './ahead.js';
export { applyEvent } from './events.js';
export { type LimiterView, type LineOptions, standings, view, type WaitingView } from './forecast.js';
export type { WaitReason } from './gates.js';
export { DEFAULT_READ_LIMITS, HEX_LIMITS, type ReadLimits } from './hex-limits.js';
export {
  type PackedLimiter,
  packLimiter,
  type RecalledLimiter,
  recalledState,
  unpackLimiter,
} from './pack.js';
export { DEFAULT_READ_BUDGET, nextReadMs, type ReadBudget, type ReadLoad } from './read-share.js';
export { FEW, LOOK, type ReadPart, type ReadsTold, readPart } from './readers.js';
export { type ReadsOfWorker, ReadsUsed } from './reads-used.js';
export {
  DEFAULT_SETTINGS,
  type LimiterSettings,
  type LimitsPatch,
  settingsProblems,
  spedUp,
  withSettings,
} from './settings.js';
export {
  type HeldSlot,
  type LimiterEvent,
  type LimiterState,
  type LineMove,
  MAX_WAITING,
  newLimiter,
  PRIORITIES,
  type Refused,
  rankOf,
  type WaitingRequest,
} from './state.js';
export { type LimiterStep, type Permit, step, withPermit } from './step.js';
export { withoutTurns } from './turns.js';
export { MINUTE_MS } from './windows.js';
