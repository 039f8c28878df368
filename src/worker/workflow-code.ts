import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { encodedFailures } from '../encryption/encoded-failures.js';

const beside = (name: string) => {
  const built = fileURLToPath(new URL(`../${name}.js`, import.meta.url));
  return existsSync(built) ? built : built.replace(/\.js$/, '.ts');
};

/** The module whose exports are the workflow types. */
export const workflowsPath = beside('workflows/index');

/**
 * Modules that all cached workflows share: none of ours keeps state of a workflow. A worker that bundles our workflows with
 * its own has to pass them as `bundlerOptions.preloadModules`: without them zod takes 600 KB in every cached workflow.
 */
export const preloadModules = [beside('pipeline/boundary'), workflowsPath];

/** Interceptors that our workflows need in every worker, as `interceptors.workflowModules`. */
export const workflowInterceptorModules = [
  // The first is around all others.
  beside('workflows/fail-after-activation'),
  beside('workflows/replay-after-query'),
  beside('workflows/refuse-inherited-types'),
  beside('workflows/log-the-end'),
];

/** Those of a worker that is wholly ours: it hears what they say. */
export const ownInterceptorModules = [...workflowInterceptorModules, beside('workflows/ask-ahead')];

/** The same with traces, which need the packages that src/telemetry/tracing.ts names. */
export const tracedInterceptorModules = [...ownInterceptorModules, beside('telemetry/traced-workflows')];

const bundlePath = (name: string) => fileURLToPath(new URL(`../${name}.js`, import.meta.url));

/** What a bundle made at build time has in it, and where it lies. */
const bundles = [undefined, encodedFailures].flatMap((failureConverterPath) =>
  [false, true].map((traced) => {
    const name = `workflow-bundle${failureConverterPath ? '-encoded-failures' : ''}${traced ? '-traced' : ''}`;
    return { failureConverterPath, traced, codePath: bundlePath(name) };
  }),
);

/**
 * The bundle made at build time, or the sources to bundle now: converters that are paths are part of a bundle.
 *
 * @param traced with the interceptors that trace workflows
 */
export function workflowCode(
  { payloadConverterPath, failureConverterPath }: NonNullable<WorkerOptions['dataConverter']> = {},
  traced = false,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions' | 'interceptors'> {
  const ready = bundles.find(
    (each) => each.failureConverterPath === failureConverterPath && each.traced === traced,
  );
  if (ready && payloadConverterPath === undefined && existsSync(ready.codePath))
    return { workflowBundle: { codePath: ready.codePath } };
  return {
    workflowsPath,
    bundlerOptions: { preloadModules },
    interceptors: { workflowModules: traced ? tracedInterceptorModules : ownInterceptorModules },
  };
}
