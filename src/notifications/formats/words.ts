import type { Notification } from '../notification.js';

/** Chats cut or refuse longer texts. */
const MOST = 3_000;

/** Text of at most `most` characters. */
export function shortened(text: string, most = MOST): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** The event as a reader of a chat sees it. */
export function eventWords(event: Notification['event']): string {
  return event.replaceAll('_', ' ');
}

/** A page to open. */
export interface Link {
  title: string;
  url: string;
}

/** The pages that a notification points to. */
export function linksOf({ links }: Notification): Link[] {
  return [
    ...(links.hex === null ? [] : [{ title: 'Run in Hex', url: links.hex }]),
    ...(links.temporal === null ? [] : [{ title: 'Workflow in Temporal', url: links.temporal }]),
  ];
}
