import { z } from 'zod';

/** A message that Hex itself sends when the run is over. Fields as in Hex's API. */
export interface RunNotification {
  type: 'SUCCESS' | 'FAILURE' | 'ALL';
  includeSuccessScreenshot: boolean;
  screenshotFormat?: 'png' | 'pdf';
  slackChannelIds?: string[];
  userIds?: string[];
  groupIds?: string[];
  subject?: string;
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
