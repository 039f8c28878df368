import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

const beside = (name: string) => {
  const built = fileURLToPath(new URL(`../${name}.js`, import.meta.url));
  return existsSync(built) ? built : built.replace(/\.js$/, '.ts');
};

/** The module whose exports are the workflow types. */
export const workflowsPath = beside('workflows/index');

/**
 * Modules that all cached workflows share: none of ours keeps state of its own. A worker that bundles our workflows with
 * its own has to pass them as `bundlerOptions.preloadModules`: without them zod takes 600 KB in every cached workflow.
 */
export const preloadModules = [beside('pipeline/boundary'), workflowsPath];

/** Interceptors that our workflows need in every worker, as `interceptors.workflowModules`. */
export const workflowInterceptorModules = [
  beside('workflows/replay-after-query'),
  beside('workflows/refuse-inherited-types'),
];

const bundlePath = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** The bundle made at build time, or the sources to bundle now. */
export function workflowCode(): Pick<
  WorkerOptions,
  'workflowBundle' | 'workflowsPath' | 'bundlerOptions' | 'interceptors'
> {
  if (existsSync(bundlePath)) return { workflowBundle: { codePath: bundlePath } };
  return {
    workflowsPath,
    bundlerOptions: { preloadModules },
    interceptors: { workflowModules: workflowInterceptorModules },
  };
}
