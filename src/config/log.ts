export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'never'] as const;
export const LOG_FORMATS = ['text', 'json'] as const;

/** What the log says, and how. */
export interface LogSettings {
  /** The least that is logged. `info`: what happens to runs and pipelines, and the SDK's warnings. `never`: nothing. */
  level: (typeof LOG_LEVELS)[number];
  /** For people, or one JSON object a line. */
  format: (typeof LOG_FORMATS)[number];
}
