import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import { isObject, type JsonValue } from '../../base/json.js';
import { sensorId } from '../../contract/ids.js';
import { memoOf } from '../../contract/memo.js';
import { configureSensorSignal } from '../../contract/messages.js';
import { decoderOf } from '../../contract/payloads.js';
import type { SensorMark } from '../../contract/sensor.js';
import { changedLines } from '../apply/changed-lines.js';
import { type ApplyOptions, AT_ONCE, isIn } from '../apply/options.js';
import { refuseFuture, SensorError } from './errors.js';
import { openSensors, runningSensor, sensorOf, startSensor } from './running.js';
import { type SensorSource, type WantedSensor, wantedSensors } from './wanted.js';

/** What `apply` did, or would do, with one sensor. */
export interface AppliedSensor {
  /** Name of the pipeline, and so of the sensor. */
  sensor: string;
  /** The file it is made from, as in the `file` of its source; of one that is deleted, the file it was made from. */
  file: string;
  /** What was done, or with `dryRun` would be. `update`: it was running, and keeps what it has seen. */
  action: 'create' | 'update' | 'unchanged' | 'delete';
  /** Of an update: each value that changes, `- path: before` and `+ path: after`. */
  changes: string[];
}

/** How sensors are applied. */
export interface ApplySensorsOptions extends ApplyOptions {
  /** Endings from then on are looked for. Default: those since the sensor began. */
  since?: Date;
}

/** Makes sensors of the files. Throws {@link SensorError}, and changes nothing, where one cannot be used. */
export async function applySensors(
  client: Client,
  taskQueue: string,
  sources: readonly SensorSource[],
  { prune = [], dryRun = false, since }: ApplySensorsOptions,
): Promise<AppliedSensor[]> {
  if (since) refuseFuture(since);
  const wanted = wantedSensors(sources);
  const running = await inParallel(wanted, AT_ONCE, ({ name }) => runningSensor(client, sensorId(name)));
  refuseForeign(wanted, running, taskQueue);
  const kept = new Set(wanted.map(({ name }) => sensorId(name)));
  const gone = prune.length > 0 ? await goneOf(client, taskQueue, kept, prune) : [];
  const plans = wanted.map((one, index) => ({ one, before: running[index] ?? null }));
  const rows = await inParallel(plans, AT_ONCE, async ({ one, before }): Promise<AppliedSensor> => {
    const changes = before ? await changesOf(client, before, one, since) : [];
    const action = !before ? 'create' : changes.length > 0 ? 'update' : 'unchanged';
    const input = { ...one.input, ...(since && { since: since.toISOString() }) };
    if (!dryRun && action !== 'unchanged') await startSensor(client, taskQueue, input, one.name, one.mark);
    return { sensor: one.name, file: one.file, action, changes };
  });
  const deleted = await inParallel(gone, AT_ONCE, async ({ workflowId, file }): Promise<AppliedSensor> => {
    if (!dryRun) await client.workflow.getHandle(workflowId).cancel();
    return { sensor: sensorOf(workflowId), file, action: 'delete', changes: [] };
  });
  return [...rows, ...deleted].sort((a, b) => (a.sensor < b.sensor ? -1 : 1));
}

/** A sensor cannot move to another task queue. */
function refuseForeign(
  wanted: readonly WantedSensor[],
  running: readonly (WorkflowExecutionDescription | null)[],
  taskQueue: string,
): void {
  const problems = wanted.flatMap(({ file, name }, index) => {
    const queue = running[index]?.taskQueue ?? taskQueue;
    if (queue === taskQueue) return [];
    const message = `there is a sensor "${name}" on task queue "${queue}": delete it, or give the pipeline another name`;
    return [{ path: `${file}: name`, message }];
  });
  if (problems.length > 0) throw new SensorError(problems);
}

/** What an apply would change of a running sensor; without a worker, what it was told last counts. */
async function changesOf(
  client: Client,
  { workflowId, runId, ...info }: WorkflowExecutionDescription,
  { mark, input }: WantedSensor,
  since: Date | undefined,
): Promise<string[]> {
  const before = memoOf(info).hexSensor;
  const isSame = before?.file === mark.file && before.sha256 === mark.sha256;
  if (isSame) return since ? [`+ since: ${JSON.stringify(since)}`] : [];
  const told = await lastInput(client, workflowId, runId);
  return changedLines(
    { ...markLines(before), input: told },
    { ...markLines(mark), input, ...(since && { since }) },
  );
}

const markLines = (mark: SensorMark | undefined) =>
  mark?.file ? { file: mark.file, sha256: mark.sha256 } : {};

/** The definition that a sensor was given last, without its `since`; null where it cannot be read here, since it is encrypted. */
async function lastInput(client: Client, workflowId: string, runId: string): Promise<JsonValue> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const inputs = (events ?? []).flatMap((event) => {
    const { signalName, input } = event.workflowExecutionSignaledEventAttributes ?? {};
    if (signalName === configureSensorSignal.name) return [input];
    return event.workflowExecutionStartedEventAttributes?.input ?? [];
  });
  const [last = null] = await decoderOf(client)(inputs.at(-1)?.payloads).catch(() => []);
  if (!isObject(last)) return last;
  const { since: _since, ...definition } = last;
  return definition;
}

/** Sensors that were made from files of these folders and that no file asks for any more. */
async function goneOf(
  client: Client,
  taskQueue: string,
  kept: ReadonlySet<string>,
  folders: readonly string[],
): Promise<{ workflowId: string; file: string }[]> {
  const found: { workflowId: string; file: string }[] = [];
  for await (const info of openSensors(client)) {
    const file = memoOf(info).hexSensor?.file ?? null;
    const ours = file !== null && info.taskQueue === taskQueue && isIn(folders, file);
    if (ours && !kept.has(info.workflowId)) found.push({ workflowId: info.workflowId, file });
  }
  return found;
}
