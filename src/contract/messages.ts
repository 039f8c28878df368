import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Grant, LimiterEvent, LimiterView } from '../limits/index.js';
import type { KeyHolder, KeyRecord } from '../run/key.js';

/** What has happened: wishes, outcomes, ends. The same event twice is harmless. */
export const limiterEvents = defineSignal<[LimiterEvent[]]>('limiterEvents');
/** The limits and the line as they stand; with a `requestId`, only that place. */
export const lineQuery = defineQuery<LimiterView, [{ limit?: number; requestId?: string }?]>('line');
/** The workflow of every run in flight, by Hex's run id. */
export const holdersQuery = defineQuery<Record<string, string>>('holders');
/** Leave to trigger, sent to the workflow that asked. */
export const admittedSignal = defineSignal<[Pick<Grant, 'requestId' | 'load'>]>('admitted');
/** To a `hexKey`: one more that has the key. */
export const holdKeySignal = defineSignal<[KeyHolder]>('holdKey');
/** To a `hexKey`, by who had the key and ends: `record` where it has succeeded. */
export const releaseKeySignal = defineSignal<[{ runId: string; record: KeyRecord | null }]>('releaseKey');
/** To a `hexKey`: its holder seems to have gone without a word. */
export const doubtKeySignal = defineSignal('doubtKey');
