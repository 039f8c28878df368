import type { NativeConnection } from '@temporalio/worker';
import type { Config } from '../config.js';
import type { WorkerLog } from './connect.js';

/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/**
 * Says which build this worker is and, where that gets no new work, the command that changes it. Says nothing without worker
 * versioning.
 */
export async function tellBuild(
  { workflowService }: Pick<NativeConnection, 'workflowService'>,
  namespace: string,
  build: Config['build'],
  log: WorkerLog,
): Promise<void> {
  if (!build) return;
  const { deploymentName, buildId } = build;
  const mine = `Build ${buildId} of deployment ${deploymentName}`;
  const remedy = `To make it current: temporal worker deployment set-current-version --namespace ${namespace} --deployment-name ${deploymentName} --build-id ${buildId}`;
  try {
    const { workerDeploymentInfo } = await workflowService.describeWorkerDeployment({
      namespace,
      deploymentName,
    });
    const { currentDeploymentVersion, rampingDeploymentVersion, rampingVersionPercentage } =
      workerDeploymentInfo?.routingConfig ?? {};
    const current = currentDeploymentVersion?.buildId;
    if (current === buildId) log(`${mine} is current`);
    else if (rampingDeploymentVersion?.buildId === buildId)
      log(`${mine} gets ${rampingVersionPercentage} % of the new workflows`);
    else
      log(`${mine} gets no new workflows: current is ${current ?? 'none, so they wait'}. ${remedy}`, 'warn');
  } catch (error) {
    const { code, message } = error as Error & { code?: number };
    if (code === NOT_FOUND)
      log(`${mine} is the first of its deployment: nothing runs before it is current. ${remedy}`, 'warn');
    else log(`${mine}; whether it is current is not known: ${message}`, 'warn');
  }
}
