import type { ActionRequest, RunAction, RunRow, StepRow } from '../../../contract.js';
import { ActionButton } from '../../parts/actions.js';

/** In the order of how often they are wanted. */
const STEP = [
  ['approve', 'Approve', 'primary'],
  ['reject', 'Reject', 'quiet'],
  ['retryStep', 'Retry', 'quiet'],
  ['skipStep', 'Skip', 'quiet'],
  ['pollNow', 'Read now', 'quiet'],
  ['moveToFront', 'Move to the front', 'quiet'],
  ['cancelStep', 'Cancel', 'quiet'],
  ['markSuccess', 'Mark as success', 'quiet'],
  ['rerun', 'Run again from here', 'quiet'],
] as const satisfies readonly (readonly [RunAction, string, 'quiet' | 'primary'])[];

interface StepButtonsProps {
  run: RunRow;
  step: StepRow;
  /** At most so many; the rest is in the panel of the step. */
  most?: number;
}

/** What can be done with a step now. */
export function StepButtons({ run, step, most = STEP.length }: StepButtonsProps) {
  return (
    <>
      {STEP.filter(([action]) => step.actions.includes(action))
        .slice(0, most)
        .map(([action, label, kind]) => (
          <ActionButton
            key={action}
            request={requestOf(action, run, step)}
            label={label}
            kind={kind}
            about={step.id}
          />
        ))}
    </>
  );
}

function requestOf(
  action: (typeof STEP)[number][0],
  { workflowId, runId }: RunRow,
  { id, workflowId: own }: StepRow,
): ActionRequest {
  switch (action) {
    case 'rerun':
      return { action, workflowId, runId, from: [id] };
    case 'moveToFront':
      return { action, workflowId: own ?? workflowId };
    default:
      return { action, workflowId, step: id };
  }
}
