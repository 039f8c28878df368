import { networkFetch } from '../network/fetch.js';
import { BODIES } from './formats/index.js';
import { readHeaders } from './headers.js';
import type { Notification } from './notification.js';
import { SIGNATURE_HEADER, signatureOf } from './sign.js';
import type { Webhook } from './webhook.js';

/** What the receiver answered. */
export interface Posted {
  /** HTTP status. */
  status: number;
  headers: Headers;
}

/** The settings of a webhook cannot be used, such as a file that is not there. The message shows no secret. */
export class WebhookSettingsError extends Error {
  override readonly name = 'WebhookSettingsError';
}

/**
 * Posts a notification to a webhook, once. A redirect is not followed.
 *
 * @throws WebhookSettingsError before anything is sent; anything else where no answer came
 */
export async function postNotification(
  webhook: Webhook,
  notification: Notification,
  signal: AbortSignal,
): Promise<Posted> {
  const { url, headers, secret, body } = await requestOf(webhook, notification);
  const response = await networkFetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      ...(secret !== undefined && { [SIGNATURE_HEADER]: signatureOf(body, secret, Date.now()) }),
    },
    body,
    redirect: 'manual',
    signal,
  });
  await response.body?.cancel();
  return response;
}

async function requestOf(webhook: Webhook, notification: Notification) {
  try {
    const [url, routingKey = '', secret, headers = '{}'] = await Promise.all([
      webhook.url(),
      webhook.routingKey?.(),
      webhook.secret?.(),
      webhook.headers?.(),
    ]);
    const body = JSON.stringify(BODIES[webhook.format](notification, routingKey));
    return { url, headers: readHeaders(headers), secret, body };
  } catch (error) {
    throw new WebhookSettingsError(error instanceof Error ? error.message : 'they cannot be read');
  }
}
