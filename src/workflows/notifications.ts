import { ActivityFailure, CancellationScope, log, proxyLocalActivities } from '@temporalio/workflow';
import type { HexActivities } from '../activities/index.js';
import type { Problem } from '../base/problems.js';
import { didYouMean } from '../base/suggest.js';
import type { AlertEvent, NotificationRequest, NotificationSubject } from '../notifications/notification.js';
import type { NotifySpec } from '../run/notify.js';
import { retriedActivities } from './retried.js';

/** Long enough for a webhook's short outage, short enough not to hold up the end of a run or pipeline. */
const NOTIFY_WITHIN_MS = 120_000;

/** Local: it reads the worker's own environment. */
const { notifyTargets } = proxyLocalActivities<HexActivities>({ startToCloseTimeout: '10 seconds' });

/**
 * Sends to every webhook by itself, and waits until each has its notification or two minutes have passed. Goes on when
 * the workflow is being cancelled, and never fails.
 *
 * @returns those that could not be reached
 */
export async function sendNotifications(
  targets: readonly string[],
  request: Omit<NotificationRequest, 'to'>,
): Promise<string[]> {
  const lost = await CancellationScope.nonCancellable(() =>
    Promise.all(
      targets.map((to) =>
        notify({ ...request, to }).then(
          () => [],
          () => {
            log.warn('A notification could not be delivered', { to, event: request.event });
            return [to];
          },
        ),
      ),
    ),
  );
  return lost.flat();
}

/**
 * Sends an alert to the operators of the workers (`HEX_NOTIFY_ALERTS`), and to those that a definition names for it. Waits and never fails,
 * as {@link sendNotifications}.
 */
export async function alert(
  event: AlertEvent,
  text: string,
  about: NotificationSubject,
  named: readonly string[] = [],
): Promise<void> {
  try {
    const { alerts } = await CancellationScope.nonCancellable(notifyTargets);
    await sendNotifications([...new Set([...alerts, ...named])], { event, text, ...about });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('An alert could not be sent', { event });
  }
}

/** What is wrong with the names of webhooks, by the path of each list, in this worker's environment. */
export async function webhookProblems(
  lists: Readonly<Record<string, readonly NotifySpec[]>>,
): Promise<Problem[]> {
  const { known } = await notifyTargets();
  return Object.entries(lists).flatMap(([path, specs]) =>
    specs.flatMap(({ to }, index) =>
      known.includes(to)
        ? []
        : [
            {
              path: `${path}[${index}].to`,
              message: `${unknownWebhook(to)}${didYouMean(to, known) || knownOf(known)}`,
            },
          ],
    ),
  );
}

function unknownWebhook(name: string): string {
  return `this worker's environment has no webhook "${name}" (HEX_NOTIFY_${name.toUpperCase().replaceAll('-', '_')}_URL)`;
}

function knownOf(known: readonly string[]): string {
  return `; known: ${known.join(', ') || 'none'}`;
}

function notify(request: NotificationRequest): Promise<void> {
  return retriedActivities({
    attemptMs: 15_000,
    withinMs: NOTIFY_WITHIN_MS,
    longestPauseMs: 30_000,
    summary: `Notify ${request.to}: ${request.event}`,
  }).notify(request);
}
