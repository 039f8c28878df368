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
 * Modules that all cached workflows share: none of ours keeps state of its own. A worker that bundles our workflows with
 * its own has to pass them as `bundlerOptions.preloadModules`: without them zod takes 600 KB in every cached workflow.
 */
export const preloadModules = [beside('pipeline/boundary'), workflowsPath];

/** Interceptors that our workflows need in every worker, as `interceptors.workflowModules`. */
export const workflowInterceptorModules = [
  beside('workflows/replay-after-query'),
  beside('workflows/refuse-inherited-types'),
];

const bundlePath = (name: string) => fileURLToPath(new URL(`../${name}.js`, import.meta.url));

/** The bundles made at build time, by the converter of failures that is in them. */
const bundles = new Map<string | undefined, string>([
  [undefined, bundlePath('workflow-bundle')],
  [encodedFailures, bundlePath('workflow-bundle-encoded-failures')],
]);

/** The bundle made at build time, or the sources to bundle now: converters that are paths are part of a bundle. */
export function workflowCode({
  payloadConverterPath,
  failureConverterPath,
}: NonNullable<WorkerOptions['dataConverter']> = {}): Pick<
  WorkerOptions,
  'workflowBundle' | 'workflowsPath' | 'bundlerOptions' | 'interceptors'
> {
  const codePath = payloadConverterPath === undefined ? bundles.get(failureConverterPath) : undefined;
  if (codePath !== undefined && existsSync(codePath)) return { workflowBundle: { codePath } };
  return {
    workflowsPath,
    bundlerOptions: { preloadModules },
    interceptors: { workflowModules: workflowInterceptorModules },
  };
}
