import type { UpdateDefinition } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  LimiterEvent,
  LimiterView,
  LineOptions,
  Permit,
  ReadPart,
  ReadsOfWorker,
} from '../limits/index.js';
import type { ControlAction, PipelineProgress } from '../pipeline/execution/result.js';
import type { SensorInput } from '../pipeline/sensor/input.js';
import type { Expected } from '../run/expected-end.js';
import type { KeyHolder, KeyRecord } from '../run/key.js';
import type { RunProgress } from '../run/result.js';
import type { DoneEra } from '../schedule/index.js';
import type { BackfillProgress } from './backfill.js';
import type { ControlResult, Controls } from './controls.js';
import type { KeptSchedule } from './keeper.js';
import type { SensorMark, SensorProgress } from './sensor.js';
import type { SliceOrders, SliceProgress } from './slice.js';

// Every signal, query and Update of ours, by the workflow that handles it. The names are interfaces.

// hexRun

/** Where the run stands. */
export const runProgressQuery = defineQuery<RunProgress>('progress');
/** Reads the status now instead of at the end of the wait. */
export const pollNowSignal = defineSignal('pollNow');
/** From an activity that is tried again: what is in the way, in words. */
export const troubleSignal = defineSignal<[{ text: string }]>('trouble');
/**
 * From a limiter that has lost what it knew: who waits asks again, who has a run tells of it. It goes to the runs of all
 * task queues, and has no argument: who has not the keys of that limiter's worker could not go on after it.
 */
export const askAgainSignal = (connection: string) => defineSignal(`askAgain/${connection}`);
/** The same from the limiter of a worker of before. */
export const earlierAskAgainSignal = defineSignal<[{ connection: string }]>('askAgain');
/** The permit to start, from the limiter. */
export const permitSignal = defineSignal<[Pick<Permit, 'requestId' | 'load'>]>('admitted');

// hexPipeline

/** Where the pipeline stands. */
export const pipelineProgressQuery = defineQuery<PipelineProgress>('progress');
/** From a child `hexRun`: the run of its step, and what it waits for. From a child `hexPipeline`: what its steps wait for. */
export const stepProgressSignal = defineSignal<[ChildProgress]>('stepProgress');
/** From a slice of a fan-out: how its items stand. */
export const sliceProgressSignal = defineSignal<[SliceProgress]>('sliceProgress');
/** The decisions of people. */
export const controlUpdates: {
  readonly [Action in ControlAction]: UpdateDefinition<ControlResult, [Controls[Action]]>;
} = {
  pause: defineUpdate('pause'),
  resume: defineUpdate('resume'),
  retryStep: defineUpdate('retryStep'),
  skipStep: defineUpdate('skipStep'),
  markSuccess: defineUpdate('markSuccess'),
  cancelStep: defineUpdate('cancelStep'),
  approve: defineUpdate('approve'),
  reject: defineUpdate('reject'),
  pollNow: defineUpdate('pollNow'),
};

/** What a child tells the pipeline above. */
export interface ChildProgress {
  /** Its step, or `step/index`. */
  step: string;
  /** Null before there is a run. */
  runId: string | null;
  runUrl: string | null;
  /** What it waits for, in words; null once it runs. */
  waitingFor: string | null;
  /** When its run is expected to have ended, ms since 1970; absent where earlier runs say nothing. */
  expectedEnd?: Expected;
}

// hexSlice

/** From a child: the same as to a pipeline. */
export const itemProgressSignal = defineSignal<[ChildProgress]>('stepProgress');
/** From the pipeline above. */
export const sliceOrdersSignal = defineSignal<[SliceOrders]>('orders');

// hexRun or hexPipeline

/** Where it stands, whichever of the two it is. */
export const progressQuery = defineQuery<RunProgress | PipelineProgress>('progress');

// hexLimiter

/** What has happened: requests, outcomes, ends. The same event twice is harmless. */
export const limiterEventsSignal = defineSignal<[LimiterEvent[]]>('limiterEvents');
/** The limits and the line as they stand. */
export const lineQuery = defineQuery<LimiterView, [LineOptions?]>('line');
/** A worker looks what it may read; null where it is not known. `told`: what it has read. */
export const readsQuery = defineQuery<
  ReadPart | null,
  [{ reader: string; atMs: number; told?: ReadsOfWorker }]
>('reads');
/** The workflow of every run in flight, by Hex's run id. */
export const holdersQuery = defineQuery<Record<string, string>>('holders');

// hexBackfill

/** Where the backfill stands. */
export const backfillProgressQuery = defineQuery<BackfillProgress>('progress');
/** No more starts; what runs goes on. */
export const pauseBackfillSignal = defineSignal<[{ by?: string; reason?: string }?]>('pause');
/** Starts again. */
export const resumeBackfillSignal = defineSignal<[{ by?: string }?]>('resume');
/** Runs the failed partitions again. */
export const retryBackfillSignal = defineSignal<[{ by?: string }?]>('retryFailed');

// hexKeeper

/** What it knows of each schedule, by its id. */
export const keptSchedulesQuery = defineQuery<Record<string, KeptSchedule>>('schedules');
/** Partitions of a schedule that have succeeded, as far as the keeper remembers them. */
export const donePartitionsQuery = defineQuery<DoneEra[], [string]>('done');
/** Somebody has changed these schedules. */
export const schedulesChangedSignal = defineSignal<[string[]]>('schedulesChanged');

// hexSensor

/** Where the sensor stands. */
export const sensorProgressQuery = defineQuery<SensorProgress>('progress');
/** Another definition, and the file that it was made from; what was seen already stays seen. */
export const configureSensorSignal = defineSignal<[SensorInput, SensorMark?]>('configure');
/** Looks no more until it is resumed. What ends meanwhile is caught up then. */
export const pauseSensorSignal = defineSignal<[{ by?: string; reason?: string }?]>('pause');
/** Looks again. */
export const resumeSensorSignal = defineSignal<[{ by?: string }?]>('resume');
/** Sets the cursor: endings after this time, ISO 8601, are looked for anew; what was started for them is not started again. */
export const setSinceSignal = defineSignal<[{ since: string; by?: string }]>('setSince');

// hexKey

/** One more that has the key. */
export const holdKeySignal = defineSignal<[KeyHolder]>('holdKey');
/** From who had the key and ends: `record` where it has succeeded. */
export const releaseKeySignal = defineSignal<[{ runId: string; record: KeyRecord | null }]>('releaseKey');
/** Its holder seems to have gone without a word. */
export const doubtKeySignal = defineSignal('doubtKey');
