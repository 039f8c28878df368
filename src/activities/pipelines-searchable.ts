import type { ActivityDependencies } from './dependencies.js';

/** Whether pipelines may set their search attributes: one that the namespace does not know would stop the workflow. */
export const pipelinesSearchable =
  ({ pipelineAttributes = () => false }: ActivityDependencies) =>
  async (): Promise<boolean> =>
    pipelineAttributes();
