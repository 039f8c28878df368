import { setCurrentDetails, setHandler, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import {
  configureSensorSignal,
  pauseSensorSignal,
  resumeSensorSignal,
  sensorProgressQuery,
  setSinceSignal,
} from '../contract/messages.js';
import { onlyArgument, parseSensorInput } from '../pipeline/boundary.js';
import type { SensorInput } from '../pipeline/sensor/input.js';
import { continueAsItStands } from './continue-as-it-stands.js';
import { invalidInput } from './run/failures.js';
import { type SensorCarried, SensorExecution } from './sensor/execution.js';

/**
 * Watches the runs of Hex projects, whoever started them, and starts a pipeline, or signals a workflow, for each that ends: once, oldest
 * first, and none from before it began. What ended while nobody looked is caught up at the pace that the read budget allows. It never
 * ends; `temporal-hex sensor delete` cancels it. Fails with `InvalidInput` before it looks at anything.
 *
 * Signals: `configure`, `pause`, `resume`, `setSince`. Query: `progress`.
 *
 * @param input a {@link SensorInput}
 * @param carried where it stood before it continued as new; not for callers
 */
export async function hexSensor(
  input: SensorInput,
  carried?: SensorCarried,
  ...others: unknown[]
): Promise<never> {
  const continued = workflowInfo().continuedFromExecutionRunId ? carried : undefined;
  const surplus = continued || carried === undefined ? others : [carried, ...others];
  const parsed = onlyArgument(parseSensorInput(input), surplus);
  if (!parsed.ok) throw invalidInput('hexSensor', parsed.problems);
  const execution = new SensorExecution(input, parsed.value, continued ?? null);
  setHandler(sensorProgressQuery, () => execution.progress());
  setHandler(configureSensorSignal, (changed, mark) => execution.configure(changed, mark));
  setHandler(pauseSensorSignal, ({ by = 'somebody', reason } = {}) => execution.pause(by, reason ?? null));
  setHandler(resumeSensorSignal, () => execution.resume());
  setHandler(setSinceSignal, ({ since }) => execution.setSince(since));
  setCurrentDetails(execution.details());
  await execution.run();
  return continueAsItStands<typeof hexSensor>(execution.input, execution.carried());
}

// It never ends, and must not keep an old build of the worker.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  hexSensor,
);
