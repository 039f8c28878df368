/**
 * A value that may be a secret: read anew for every notification, so that a file may be changed while the worker runs.
 */
export type Secret = () => string | Promise<string>;

/** The forms that receivers take. */
export const FORMATS = ['json', 'slack', 'teams', 'pagerduty'] as const;

/** `json`: the notification with all its fields. The others: what these services take. */
export type Format = (typeof FORMATS)[number];

/** Where messages go, and in which form. Functions, so that no secret is printed with the configuration. */
export interface Webhook {
  format: Format;
  url: Secret;
  /** Signs each message. Absent: not signed. */
  secret?: Secret;
  /** Further headers, as JSON. */
  headers?: Secret;
  /** Of a PagerDuty integration (Events API v2). */
  routingKey?: Secret;
}
