import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { NotifyEvent } from '../pipeline/definition.js';
import type { ActivityDependencies } from './dependencies.js';

/** What is told. */
export interface Notice {
  /** Name of the webhook in the worker's environment. */
  to: string;
  event: NotifyEvent;
  /** Name of the pipeline. */
  pipeline: string;
  text: string;
}

/** Where messages go, and in which form. */
export interface Webhook {
  url: string;
  /** `json`: the notice with the workflow's ids. `slack`: what a Slack incoming webhook takes. */
  format: 'json' | 'slack';
}

/** The body of a generic message. */
export interface NoticeBody {
  event: NotifyEvent;
  pipeline: string;
  text: string;
  workflowId: string | null;
  runId: string | null;
  /** ISO 8601. */
  at: string;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** Posts a message to a webhook. A redirect is not followed; the URL, which may be a secret, is in no error. */
export const notify =
  ({ webhooks = {} }: ActivityDependencies) =>
  async ({ to, event, pipeline, text }: Notice): Promise<void> => {
    const webhook = Object.hasOwn(webhooks, to) ? webhooks[to] : undefined;
    if (!webhook)
      throw ApplicationFailure.create({
        type: 'NoSuchWebhook',
        message: `The worker has no webhook "${to}": set ${variableOf(to)} in its environment`,
        nonRetryable: true,
      });
    const { workflowExecution } = activityInfo();
    const workflowId = workflowExecution?.workflowId ?? null;
    const runId = workflowExecution?.runId ?? null;
    const body: NoticeBody = { event, pipeline, text, workflowId, runId, at: new Date().toISOString() };
    await post(to, webhook.url, webhook.format === 'slack' ? { text: slackText(body) } : body);
  };

async function post(to: string, url: string, body: unknown): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_TIMEOUT_MS), cancellationSignal()]);
  let status: number;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel();
    status = response.status;
  } catch {
    throw ApplicationFailure.create({
      type: 'NotDelivered',
      message: `The webhook "${to}" could not be reached`,
    });
  }
  if (status >= 200 && status < 300) return;
  const retryable = status === 429 || status >= 500;
  throw ApplicationFailure.create({
    type: 'NotDelivered',
    message: `The webhook "${to}" answered ${status}`,
    nonRetryable: !retryable,
  });
}

function slackText({ event, pipeline, text, workflowId }: NoticeBody): string {
  const plain = (words: string) =>
    words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `*${plain(pipeline)}* ${event}: ${plain(text)}${workflowId ? `\nWorkflow \`${plain(workflowId)}\`` : ''}`;
}

function variableOf(name: string): string {
  return `HEX_NOTIFY_${name.toUpperCase().replaceAll('-', '_')}_URL`;
}
