import type { Expected } from '../run/expected-end.js';
import type { ActivityDependencies } from './dependencies.js';
import { usualMs } from './usual-ms.js';

/** What a pipeline is told when it begins. */
export interface PipelineStart {
  /** Whether it may set its search attributes: one that the namespace does not know would stop the workflow. */
  searchable: boolean;
  /** How long runs of the projects that were asked for usually take, in their order, ms; null where that is not known. */
  usual: (Expected | null)[];
}

/**
 * What a pipeline should know of where it runs. An answer in a history from before is `searchable` alone.
 *
 * @param projects `connection/project` of its steps
 */
export const pipelinesSearchable =
  ({ pipelineAttributes = () => false, reads = () => null }: ActivityDependencies) =>
  async (projects: readonly string[] = []): Promise<boolean | PipelineStart> => ({
    searchable: pipelineAttributes(),
    usual: projects.map((project) => {
      const [connection = '', projectId = ''] = project.split('/');
      return usualMs({ reads }, connection, projectId);
    }),
  });
