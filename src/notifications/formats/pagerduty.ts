import { createHash } from 'node:crypto';
import type { Notification, NotificationEvent } from '../notification.js';
import { linksOf, shortened } from './words.js';

/** PagerDuty's limits. */
const SUMMARY = 1_024;
const DEDUP_KEY = 255;

/** Events that close the incident of another. */
const RESOLVES: ReadonlySet<NotificationEvent> = new Set(['success', 'reachable', 'filled', 'fresh']);

/** An event of PagerDuty's Events API v2: opens an incident, or closes the one with the same `dedup_key`. */
export function pagerdutyBody(notification: Notification, routingKey: string): object {
  const { event, title, text, severity, at, links, ...facts } = notification;
  const common = { routing_key: routingKey, dedup_key: dedupKey(notification) };
  if (RESOLVES.has(event)) return { ...common, event_action: 'resolve' };
  return {
    ...common,
    event_action: 'trigger',
    payload: {
      summary: shortened(`${title} ${event}: ${text}`, SUMMARY),
      source: 'temporal-hex',
      severity,
      timestamp: at,
      component: title,
      group: notification.namespace,
      class: event,
      custom_details: { text: shortened(text), ...facts },
    },
    links: linksOf(notification).map(({ title, url }) => ({ href: url, text: title })),
    client: 'temporal-hex',
    ...(links.temporal !== null && { client_url: links.temporal }),
  };
}

/**
 * What is one incident: the trouble of a pipeline, step or project until it succeeds again, of a connection until Hex
 * is reachable again. Everything else concerns one workflow.
 */
function dedupKey(notification: Notification): string {
  const { event, namespace, pipeline, step, projectId, connection, workflowId } = notification;
  const subject =
    step !== null
      ? ['step', pipeline, step]
      : pipeline !== null
        ? ['pipeline', pipeline]
        : ['run', projectId];
  const key = (
    {
      success: subject,
      failure: subject,
      deadline: subject,
      at_risk: subject,
      missed: ['starts', notification.gap],
      late: ['starts', notification.gap],
      filled: ['starts', notification.gap],
      stale: ['freshness', notification.schedule],
      fresh: ['freshness', notification.schedule],
      cancelled: subject,
      waiting: ['waiting', workflowId, step],
      cleanup_failed: ['cleanup', notification.hexRunId ?? workflowId],
      strays: ['strays', connection],
      unreachable: ['connection', connection],
      reachable: ['connection', connection],
      sensor_failing: ['sensor', workflowId],
    } satisfies Record<NotificationEvent, (string | null)[]>
  )[event];
  const text = ['temporal-hex', namespace, ...key.map((part) => part ?? '')]
    .map(encodeURIComponent)
    .join('/');
  return text.length <= DEDUP_KEY ? text : `temporal-hex/${createHash('sha256').update(text).digest('hex')}`;
}
