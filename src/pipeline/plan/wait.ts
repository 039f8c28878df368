import { durationOr } from '../../base/duration.js';
import { WAIT_DEFAULTS, type WaitFields, type WaitStatus } from '../definition/wait-schema.js';

/** What a `waitFor` step waits for, with all templates filled in. */
export interface WaitSpec {
  subject: WaitSubject;
  everyMs: number;
  withinMs: number;
}

export type WaitSubject =
  | {
      kind: 'project';
      connection: string;
      projectId: string;
      status: WaitStatus;
      /** ISO 8601. Null: since the interval of the run, else its scheduled time. */
      newerThan: string | null;
    }
  | { kind: 'pipeline'; pipeline: string; partition: string }
  | { kind: 'workflow'; workflowId: string };

/** Fills in the defaults of checked fields. */
export function toWaitSpec(fields: WaitFields): WaitSpec {
  return {
    subject: subjectOf(fields),
    everyMs: durationOr(fields.every, WAIT_DEFAULTS.everyMs),
    withinMs: durationOr(fields.within, WAIT_DEFAULTS.withinMs),
  };
}

function subjectOf(fields: WaitFields): WaitSubject {
  const { projectId, pipeline, partition = '', workflow = '' } = fields;
  const { connection = 'default', status = 'completed', newerThan = null } = fields;
  if (projectId !== undefined) return { kind: 'project', connection, projectId, status, newerThan };
  if (pipeline !== undefined) return { kind: 'pipeline', pipeline, partition };
  return { kind: 'workflow', workflowId: workflow };
}

const RUNS: Record<WaitStatus, string> = {
  completed: 'a completed run',
  failed: 'a failed run',
  any: 'the end of a run',
};

/** What is waited for, in words. */
export function waitName(subject: WaitSubject): string {
  switch (subject.kind) {
    case 'project': {
      const newer = subject.newerThan === null ? '' : ` that started at ${subject.newerThan} or later`;
      return `${RUNS[subject.status]} of project ${subject.projectId}${newer}`;
    }
    case 'pipeline':
      return `partition ${subject.partition} of pipeline ${subject.pipeline}`;
    case 'workflow':
      return `workflow ${subject.workflowId} to complete`;
  }
}
