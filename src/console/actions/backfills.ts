import { formatDuration } from '../../base/duration.js';
import { backfillInput, backfillPlan } from '../answers/others.js';
import type { ActionRequest } from '../contract.js';
import type { Act, Doing } from './act.js';

type Request = Extract<ActionRequest, { action: `backfill${string}` }>;

/** Starts, pauses, resumes, cancels or repeats a backfill. */
export function backfillAct(doing: Doing, request: Request): Act {
  return request.action === 'backfillStart' ? startAct(doing, request) : changeAct(doing, request);
}

function startAct({ parts, hex }: Doing, { backfill }: Extract<Request, { action: 'backfillStart' }>): Act {
  return {
    async preview() {
      const plan = await backfillPlan(parts, backfill);
      const { runs, partitions, reads, kernelMinutes, endsAbout, assumed } = plan;
      const endMs = endsAbout === null ? null : Date.parse(endsAbout) - Date.now();
      return {
        title: `Backfill ${backfill.pipeline}`,
        happens: [
          `${runs} of ${partitions.length} partitions are run, at most ${backfill.maxActive ?? 1} at once; the others are left alone.`,
          `In Hex that takes about ${kernelMinutes} minutes of kernels and ${reads} status reads.`,
          ...(assumed.length > 0
            ? [`10 minutes a run are assumed, for no earlier one is known: ${assumed.join(', ')}.`]
            : []),
          endMs === null
            ? 'Nothing would be run.'
            : `If nothing waits in line, the last ends in about ${formatDuration(endMs)}.`,
        ],
        button: 'Start the backfill',
        refusal: runs === 0 ? 'Nothing would be run: choose other dates, or what is to be run again.' : null,
      };
    },
    async perform() {
      const handle = await hex.backfills.start(await backfillInput(parts, backfill));
      const started = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
      return { done: `${handle.workflowId} has been started.`, started };
    },
  };
}

function changeAct(
  { hex, by }: Doing,
  { action, workflowId, reason }: Exclude<Request, { action: 'backfillStart' }>,
): Act {
  const words = {
    backfillPause: {
      title: `Pause ${workflowId}`,
      happens: [
        'No further partition starts, so nothing new is started in Hex.',
        'Partitions that run go on, in Hex too.',
      ],
      button: 'Pause',
      danger: false,
    },
    backfillResume: {
      title: `Resume ${workflowId}`,
      happens: ['The partitions that wait are started, and with them their runs in Hex.'],
      button: 'Resume',
      danger: false,
    },
    backfillCancel: {
      title: `Cancel ${workflowId}`,
      happens: [
        'The partitions that run are cancelled, with their runs in Hex.',
        'No further partition starts. A later backfill goes on where this one stopped.',
      ],
      button: 'Cancel the backfill',
      danger: true,
    },
    backfillRetry: {
      title: `Retry the failed partitions of ${workflowId}`,
      happens: [
        'The partitions that failed are run again, and with them their runs in Hex.',
        'Where the backfill has ended, a new one does that; it also runs those that never ran.',
      ],
      button: 'Retry the failed',
      danger: false,
    },
  } as const;
  const does = {
    backfillPause: 'is paused',
    backfillResume: 'goes on',
    backfillCancel: 'has been asked to stop',
  } as const;
  return {
    async preview() {
      const { happens, ...rest } = words[action];
      return { ...rest, happens: [...happens] };
    },
    async perform() {
      const { backfills } = hex;
      if (action === 'backfillRetry') {
        const again = await backfills.retry(workflowId, by);
        const done = `${again} runs the failed partitions again.`;
        return again === workflowId ? { done } : { done, started: { workflowId: again, runId: null } };
      }
      if (action === 'backfillPause') await backfills.pause(workflowId, by, reason);
      else if (action === 'backfillResume') await backfills.resume(workflowId, by);
      else await backfills.cancel(workflowId);
      return { done: `${workflowId} ${does[action]}.` };
    },
  };
}
