import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { own } from '../base/json.js';
import { typedFailure } from '../contract/failure.js';
import { retryAfterMs } from '../hex/retry-after.js';
import { proxyNote } from '../network/fetch.js';
import { type NotificationRequest, notificationOf } from '../notifications/notification.js';
import { type Posted, postNotification, WebhookSettingsError } from '../notifications/post.js';
import type { ActivityDependencies } from './dependencies.js';

/** What a workflow must know of the worker's environment to send notifications. */
export interface NotifyTargets {
  /** Names of all webhooks. */
  known: string[];
  /** Names of those that get the alerts. */
  alerts: string[];
}

const REQUEST_TIMEOUT_MS = 10_000;
/** Whoever asks for a longer wait gets no notification: nothing is held up for so long. */
const LONGEST_WAIT_MS = 60_000;

/** The webhooks of this worker, by name. */
export const notifyTargets =
  ({ webhooks = {}, alerts = [] }: ActivityDependencies) =>
  async (): Promise<NotifyTargets> => ({ known: Object.keys(webhooks).sort(), alerts: [...alerts] });

/** Posts a notification to a webhook. No address, header or key, which may be secrets, is in an error. */
export const notify =
  ({ webhooks = {}, temporalUiUrl = null }: ActivityDependencies) =>
  async (request: NotificationRequest): Promise<void> => {
    const { to } = request;
    const webhook = own(webhooks, to);
    if (!webhook)
      throw typedFailure({
        type: 'NoSuchWebhook',
        message: `The worker has no webhook "${to}": set HEX_NOTIFY_${to.toUpperCase().replaceAll('-', '_')}_URL in its environment`,
        nonRetryable: true,
      });
    const { namespace, workflowExecution, activityId, scheduledTimestampMs } = activityInfo();
    const workflowId = workflowExecution?.workflowId ?? null;
    const runId = workflowExecution?.runId ?? null;
    const notification = notificationOf(request, {
      id: `${runId}/${activityId}`,
      namespace,
      workflowId,
      runId,
      // Not now: every attempt sends the same.
      at: new Date(scheduledTimestampMs).toISOString(),
      temporalUiUrl,
    });
    const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_TIMEOUT_MS), cancellationSignal()]);
    const posted = await postNotification(webhook, notification, signal).catch((error: unknown) => {
      if (error instanceof WebhookSettingsError)
        throw notDelivered(`The settings of the webhook "${to}" cannot be used: ${error.message}`);
      throw notDelivered(`The webhook "${to}" could not be reached${proxyNote(error)}`);
    });
    checkAnswer(to, posted);
  };

function checkAnswer(to: string, { status, headers }: Posted): void {
  if (status >= 200 && status < 300) return;
  const waitMs = retryAfterMs(headers, Date.now());
  throw notDelivered(`The webhook "${to}" answered ${status}`, {
    nonRetryable: status !== 429 && status < 500,
    ...(waitMs !== null && { nextRetryDelay: Math.min(LONGEST_WAIT_MS, waitMs) }),
  });
}

function notDelivered(
  message: string,
  how: { nonRetryable?: boolean; nextRetryDelay?: number } = {},
): ApplicationFailure {
  return typedFailure({ type: 'NotDelivered', message, ...how });
}
