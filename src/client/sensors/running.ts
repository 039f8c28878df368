import {
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { sensorId } from '../../contract/ids.js';
import { memo } from '../../contract/memo.js';
import { configureSensorSignal } from '../../contract/messages.js';
import type { SensorMark } from '../../contract/sensor.js';
import { lenient } from '../../executions/lenient.js';
import type { SensorInput } from '../../pipeline/sensor/input.js';
import type { hexSensor } from '../../workflows/index.js';

const PREFIX = sensorId('');

/** The name of a sensor, by its workflow. */
export const sensorOf = (workflowId: string) =>
  workflowId.startsWith(PREFIX) ? workflowId.slice(PREFIX.length) : workflowId;

/** The sensors that run. */
export function openSensors(client: Client): AsyncIterable<WorkflowExecutionInfo> {
  return lenient(client).workflow.list({
    query: "WorkflowType = 'hexSensor' AND ExecutionStatus = 'Running'",
  });
}

/** The sensor of this name, or of this workflow id; null where none runs. */
export async function runningSensor(
  client: Client,
  sensor: string,
): Promise<WorkflowExecutionDescription | null> {
  const ids = sensor.startsWith(PREFIX) ? [sensor] : [sensorId(sensor), sensor];
  for (const id of ids) {
    const found = await describeOrNull(client, id);
    if (found?.type === 'hexSensor' && found.status.name === 'RUNNING') return found;
  }
  return null;
}

async function describeOrNull(client: Client, id: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await lenient(client).workflow.getHandle(id).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Starts a sensor, or gives a running one the new definition; gives the workflow id. */
export async function startSensor(
  client: Client,
  taskQueue: string,
  input: SensorInput,
  name: string,
  mark?: SensorMark,
): Promise<string> {
  const workflowId = sensorId(name);
  await client.workflow.signalWithStart<typeof hexSensor, [SensorInput, SensorMark?]>('hexSensor', {
    workflowId,
    taskQueue,
    args: [input],
    signal: configureSensorSignal,
    signalArgs: mark ? [input, mark] : [input],
    ...(mark && { memo: memo({ hexSensor: mark }) }),
    staticSummary: `Sensor ${name}`,
  });
  return workflowId;
}
