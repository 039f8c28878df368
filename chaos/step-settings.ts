import { LATE_START_GRACE_MS, REQUEST_TIMEOUT_MS } from './faults.js';

/** Of every step of a storm: runs of milliseconds are followed closely. */
export const FAST = {
  poll: { min: '50ms', max: '500ms', first: '50ms' },
  requestTimeout: `${REQUEST_TIMEOUT_MS}ms`,
  lateStartGrace: `${LATE_START_GRACE_MS}ms`,
  triggerRetryDelay: '100ms',
  cleanupTimeout: '10m',
} as const;
