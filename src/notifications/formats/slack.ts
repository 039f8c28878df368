import type { Notification } from '../notification.js';
import { eventWords, linksOf, shortened } from './words.js';

/**
 * For an incoming webhook of Slack, and of those that take its form. What people wrote stands in code, where Slack
 * reads no formatting, with its three control characters escaped: it can make no link and mention nobody.
 */
export function slackBody(notification: Notification): object {
  const { title, event, text, owner, workflowId } = notification;
  const links = linksOf(notification).map(
    ({ title, url }) => `<${escaped(url).replaceAll('|', '%7C')}|${title}>`,
  );
  const lines = [
    `${code(title)} ${eventWords(event)}`,
    `\`\`\`${escaped(shortened(text).replaceAll('```', "'''"))}\`\`\``,
    ...(owner === null ? [] : [`Owner ${code(owner)}`]),
    ...(workflowId === null ? [] : [`Workflow ${code(workflowId)}`]),
    ...(links.length > 0 ? [links.join(' · ')] : []),
  ];
  return { text: lines.join('\n'), unfurl_links: false };
}

function code(text: string): string {
  return `\`${escaped(text.replaceAll('`', "'"))}\``;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
