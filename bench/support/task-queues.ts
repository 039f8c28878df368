/** Of our worker, of another one of ours that asks the limiter, and of the bare workflows both are held against. */
export const TASK_QUEUES = { hex: 'hex', limited: 'hex-limited', bare: 'bare' } as const;
