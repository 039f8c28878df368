import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Grant, LimiterEvent, LimiterView } from '../limits/index.js';

/** What has happened: wishes, outcomes, ends. The same event twice is harmless. */
export const limiterEvents = defineSignal<[LimiterEvent[]]>('limiterEvents');
/** The limits and the line as they stand; with a `requestId`, only that place. */
export const lineQuery = defineQuery<LimiterView, [{ limit?: number; requestId?: string }?]>('line');
/** The ids among `runIds` that runs in flight of other workflows have. */
export const claimsQuery = defineQuery<string[], [string[], string]>('claims');
/** Leave to trigger, sent to the workflow that asked. */
export const admittedSignal = defineSignal<[Pick<Grant, 'requestId' | 'load'>]>('admitted');
