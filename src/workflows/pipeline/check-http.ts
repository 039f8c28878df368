import { proxyLocalActivities } from '@temporalio/workflow';
import type { HexActivities } from '../../activities/index.js';
import type { HttpCheck } from '../../activities/send-http.js';
import type { HttpRequestSpec } from '../../pipeline/plan/http-request.js';
import { invalidInput } from '../run/failures.js';
import type { PipelineAttributes } from './attributes.js';
import type { PreparedExecution } from './prepared.js';

/** Local: it reads the worker's own environment. */
const local = proxyLocalActivities<HexActivities>({ startToCloseTimeout: '10 seconds' });

/** Refuses what this worker would not send, before a step starts. What an earlier step decides is looked at when it is sent. */
export async function checkHttpSteps(
  { plan, pipeline }: PreparedExecution,
  attributes: PipelineAttributes,
): Promise<void> {
  const checks = plan.spec.steps.flatMap(({ id, kind }) => {
    if (kind !== 'http') return [];
    const ready = pipeline.ready.get(id) ?? [];
    return ready.flatMap((work) => (work.kind === 'http' ? [checkOf(work.request, `steps.${id}.http`)] : []));
  });
  // The items of a fan-out are mostly alike.
  const each = [...new Map(checks.map((check) => [JSON.stringify(check), check])).values()];
  if (each.length === 0) return;
  await attributes.settled();
  const problems = await local.httpProblems(each);
  if (problems.length > 0) throw invalidInput('hexPipeline', problems);
}

/** What the worker judges by: the host, and the secrets. */
function checkOf({ url, headers }: HttpRequestSpec, path: string): HttpCheck {
  const secrets = Object.entries(headers).filter(([, value]) => typeof value === 'object');
  return { path, url: new URL(url).origin, headers: Object.fromEntries(secrets) };
}
