/** Of our worker, of others of ours (one that asks the limiter, one with workflows in a thread), and of the bare workflows they are held against. */
export const TASK_QUEUES = {
  hex: 'hex',
  limited: 'hex-limited',
  threaded: 'hex-threaded',
  bare: 'bare',
} as const;
