/**
 * Of our worker, of others of ours (one asks the limiter, one has its workflows in a thread), and of the bare workflows
 * that they are held against.
 */
export const TASK_QUEUES = {
  hex: 'hex',
  limited: 'hex-limited',
  threaded: 'hex-threaded',
  bare: 'bare',
} as const;
