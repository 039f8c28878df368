import type { Notification } from '../notification.js';
import { eventWords, linksOf, shortened } from './words.js';

const COLORS = { info: 'default', warning: 'warning', error: 'attention', critical: 'attention' } as const;

/**
 * An Adaptive Card for a webhook of Teams' Workflows. What people wrote stands in text runs, which read no Markdown,
 * and a mention would need an entity: it is shown as it is.
 */
export function teamsBody(notification: Notification): object {
  const { title, event, severity, text, owner, workflowId } = notification;
  const head = { text: `${title} ${eventWords(event)}`, weight: 'bolder', color: COLORS[severity] };
  const lines = shortened(text)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      paragraph(head),
      ...lines.map((line) => paragraph({ text: line })),
      ...(owner === null ? [] : [paragraph({ text: `Owner ${owner}`, isSubtle: true })]),
      ...(workflowId === null ? [] : [paragraph({ text: `Workflow ${workflowId}`, isSubtle: true })]),
    ],
    actions: linksOf(notification).map(({ title, url }) => ({ type: 'Action.OpenUrl', title, url })),
  };
  return {
    type: 'message',
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card },
    ],
  };
}

function paragraph(run: { text: string; [style: string]: unknown }): object {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', ...run }] };
}
