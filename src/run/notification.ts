import { z } from 'zod';

/** A message that Hex itself sends when the run is over. Fields as in Hex's API. */
export interface RunNotification {
  /** After which runs it is sent: those that succeed, those that fail, or all. */
  type: 'SUCCESS' | 'FAILURE' | 'ALL';
  /** Whether a picture of the app goes with it when the run succeeds. */
  includeSuccessScreenshot: boolean;
  /** Format of that picture. Default: Hex's own. */
  screenshotFormat?: 'png' | 'pdf';
  /** Ids of Slack channels. Default: none. */
  slackChannelIds?: string[];
  /** Ids of users of the workspace. Default: none. */
  userIds?: string[];
  /** Ids of groups of the workspace. Default: none. */
  groupIds?: string[];
  /** Subject of the message. Default: Hex's own. */
  subject?: string;
  /** Text of the message. Default: Hex's own. */
  body?: string;
}

/** The schema of {@link RunNotification}. A function: see pipeline/boundary.ts. */
export const runNotificationSchema = () =>
  z.strictObject({
    type: z.enum(['SUCCESS', 'FAILURE', 'ALL']),
    includeSuccessScreenshot: z.boolean(),
    screenshotFormat: z.enum(['png', 'pdf']).optional(),
    slackChannelIds: z.array(z.string()).optional(),
    userIds: z.array(z.string()).optional(),
    groupIds: z.array(z.string()).optional(),
    subject: z.string().optional(),
    body: z.string().optional(),
  });
