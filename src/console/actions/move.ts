import type { ActionRequest } from '../contract.js';
import type { Act, Doing } from './act.js';
import { refuseUnserved } from './served.js';

type Request = Extract<ActionRequest, { action: 'moveToFront' }>;

/** Moves a run that waits in Hex's line, or the waiting steps of a pipeline, to its front. */
export function moveAct({ parts, hex, by }: Doing, { workflowId, reason }: Request): Act {
  return {
    async preview() {
      const lines = await parts.lines.placesOf(workflowId);
      const now = lines.map(
        ({ connection, place, waiting }) =>
          `The first of it waits in place ${place} of ${waiting} in the line of connection "${connection}".`,
      );
      return {
        title: `Move ${workflowId} to the front of the line`,
        happens: [
          ...now,
          "Nothing is started or stopped in Hex now: they start before all others, as soon as Hex's limits allow.",
          'Whoever was moved before comes after them; all others wait so much longer.',
        ],
        button: 'Move to the front',
        refusal: lines.length > 0 ? null : 'Nothing of it waits in line.',
      };
    },
    async perform() {
      const { taskQueue } = await hex.temporal.workflow.getHandle(workflowId).describe();
      await refuseUnserved(parts, taskQueue);
      const { runs } = await hex.moveToFront(workflowId, { by, ...(reason !== undefined && { reason }) });
      return {
        done: `${runs === 1 ? '1 run' : `${runs} runs`} of ${workflowId} moved to the front of the line.`,
      };
    },
  };
}
