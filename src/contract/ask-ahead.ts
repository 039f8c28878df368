import type { Sinks } from '@temporalio/workflow';

/** So many permits are asked for ahead at a time. */
export const MOST_AHEAD = 8;

/** A run that begins as the child of a pipeline, or will soon. */
export interface NextRun {
  connection: string;
  /** Of its workflow. */
  workflowId: string;
  projectId: string;
  priority: number;
  exclusive?: true;
  fairnessKey?: string;
}

/** What a pipeline says to its worker beside its history: nothing depends on whether it is heard. */
export interface AskAheadSinks extends Sinks {
  permits: {
    /** A permit for this run may be asked for already. */
    askAhead(run: NextRun): void;
    /** And for these, when the run of that workflow is seen to have succeeded; instead of what was foretold before. */
    foretell(workflowId: string, runs: NextRun[]): void;
  };
}
