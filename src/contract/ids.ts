/** The ids that one side makes and another finds again. Changing one loses sight of what is running. */

/** The workflow of a connection's limiter. Workers of another task queue have connections of their own. */
export const limiterId = (taskQueue: string, connection: string) => `hex-limiter/${taskQueue}/${connection}`;

/** The workflow that follows the outage of a connection. */
export const outageId = (taskQueue: string, connection: string) => `hex-outage/${taskQueue}/${connection}`;

/** The workflow that watches the schedules of a task queue. */
export const keeperId = (taskQueue: string) => `hex-keeper/${taskQueue}`;

/** The workflow that watches projects for a pipeline, or under a name of its own. */
export const sensorId = (name: string) => `hex-sensor/${name}`;

/** The pipeline that a sensor starts for the end of a run; for several, the last of them. */
export const sensedWorkflowId = (name: string, runId: string) => `${name}/sensor/${runId}`;

/** The workflow that stands for a business key. Runs and pipelines have keys of their own. */
export const keyId = (kind: 'run' | 'pipeline', taskQueue: string, key: string) =>
  `hex-key/${kind}/${taskQueue}/${key}`;

/** A schedule of the janitor, and the workflows that it starts. */
export const janitorScheduleId = (taskQueue: string, connection: string, look: 'quick' | 'full') =>
  `hex-janitor/${taskQueue}/${connection}/${look}`;

/** The connection of a schedule of the janitor of a task queue; null of all others. */
export function connectionOfJanitor(taskQueue: string, scheduleId: string): string | null {
  const begin = `hex-janitor/${taskQueue}/`;
  if (!scheduleId.startsWith(begin)) return null;
  return /^([^/]+)\/(?:quick|full)$/.exec(scheduleId.slice(begin.length))?.[1] ?? null;
}

/** The workflow that a schedule of this id starts for a nominal time: Temporal appends the time to the second. */
export const scheduledWorkflowId = (workflowId: string, scheduledTime: string) =>
  `${workflowId}-${scheduledTime.slice(0, 19)}Z`;

/** The workflow of a partition: of a date that which its schedule would start, of `2026-01-31|emea` the same with `.emea`. */
export function partitionWorkflowId(
  pipeline: string,
  { partition, scheduledTime }: { partition: string; scheduledTime: string | null },
): string {
  const [key, ...values] = partition.split('|');
  const id = scheduledTime === null ? `${pipeline}-${key}` : scheduledWorkflowId(pipeline, scheduledTime);
  return [id, ...values].join('.');
}

/** The child workflow of a step, or with `step/index` of an item of a fan-out. */
export const stepWorkflowId = (pipelineId: string, step: string) => `${pipelineId}/${step}`;

/** A slice of a fan-out as a key: its step, and the index of its first item. */
export const sliceKey = (step: string, first: number) => `${step}/slice/${first}`;

/** The step of a {@link sliceKey}; null for another key. */
export const stepOfSliceKey = (key: string) => /^([^/]+)\/slice\/\d+$/.exec(key)?.[1] ?? null;

/** The `step` of {@link stepWorkflowId}; null for a child that is no step. */
export const stepOfWorkflowId = (pipelineId: string, childId: string) =>
  after(stepWorkflowId(pipelineId, ''), childId);

/** The activity that looks for a run of the step that is young enough. */
export const freshnessId = (step: string) => `fresh/${step}`;

/** The `step` of {@link freshnessId}; null for another activity. */
export const stepOfFreshnessId = (activityId: string) => after(freshnessId(''), activityId);

/** The activity that does the work of a step, `step` or `step/index`, in this attempt. */
export const stepActivityId = (step: string, attempt: number) => `step/${attempt}/${step}`;

/** The `step` of {@link stepActivityId}; null for another activity. */
export const stepOfActivityId = (activityId: string) => /^step\/\d+\/(.+)$/.exec(activityId)?.[1] ?? null;

function after(prefix: string, id: string): string | null {
  return id.startsWith(prefix) ? id.slice(prefix.length) : null;
}
