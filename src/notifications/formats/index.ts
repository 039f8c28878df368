import type { Notification } from '../notification.js';
import type { Format } from '../webhook.js';
import { pagerdutyBody } from './pagerduty.js';
import { slackBody } from './slack.js';
import { teamsBody } from './teams.js';

/** What is sent in each format. `routingKey` is PagerDuty's. */
export const BODIES: Record<Format, (notification: Notification, routingKey: string) => object> = {
  json: (notification) => notification,
  slack: slackBody,
  teams: teamsBody,
  pagerduty: pagerdutyBody,
};
