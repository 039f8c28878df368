import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Grant, LimiterEvent, LimiterView } from '../limits/index.js';

/** What has happened: wishes, outcomes, ends. The same event twice is harmless. */
export const limiterEvents = defineSignal<[LimiterEvent[]]>('limiterEvents');
/** The limits and the line as they stand; with a `requestId`, only that place. */
export const lineQuery = defineQuery<LimiterView, [{ limit?: number; requestId?: string }?]>('line');
/** The workflow of every run in flight, by Hex's run id. */
export const holdersQuery = defineQuery<Record<string, string>>('holders');
/** Leave to trigger, sent to the workflow that asked. */
export const admittedSignal = defineSignal<[Pick<Grant, 'requestId' | 'load'>]>('admitted');
