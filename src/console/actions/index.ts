import { isObject, type JsonValue } from '../../base/json.js';
import { CONTROL_RULES } from '../../pipeline/execution/control-rules.js';
import type { ControlAction } from '../../pipeline/execution/result.js';
import type { ActionAnswer, ActionPreview, ActionRequest } from '../contract.js';
import type { Parts } from '../parts.js';
import { badInput } from '../refusal.js';
import { actOf } from './acts.js';

const LONGEST_REASON = 1_000;

const TEXTS: Record<string, readonly string[]> = {
  cancel: ['workflowId'],
  rerun: ['workflowId'],
  start: ['pipeline'],
  moveToFront: ['workflowId'],
  sensorPause: ['sensor'],
  sensorResume: ['sensor'],
  sensorSince: ['sensor', 'since'],
  schedulePause: ['schedule'],
  scheduleResume: ['schedule'],
  scheduleTrigger: ['schedule'],
  backfillStart: [],
  backfillPause: ['workflowId'],
  backfillResume: ['workflowId'],
  backfillCancel: ['workflowId'],
  backfillRetry: ['workflowId'],
};

/** Reads what is asked for; what cannot be read is told with its path. */
export function readAction(body: Record<string, unknown>): ActionRequest {
  const { action, reason } = body;
  const isControl = typeof action === 'string' && Object.hasOwn(CONTROL_RULES, action);
  const wanted = isControl
    ? ['workflowId']
    : Object.hasOwn(TEXTS, String(action))
      ? TEXTS[String(action)]
      : undefined;
  if (!wanted) throw badInput('action', `"${String(action)}" is not known`);
  for (const name of wanted) {
    if (typeof body[name] !== 'string' || body[name] === '') throw badInput(name, 'is required');
  }
  for (const name of ['step', 'runId', 'partition']) {
    if (body[name] !== undefined && typeof body[name] !== 'string') throw badInput(name, 'must be text');
  }
  if (reason !== undefined && (typeof reason !== 'string' || reason.length > LONGEST_REASON))
    throw badInput('reason', `must be text of at most ${LONGEST_REASON} characters`);
  if (body.params !== undefined && !isObject(body.params)) throw badInput('params', 'must be an object');
  const from = body.from as JsonValue | undefined;
  if (from !== undefined && !(Array.isArray(from) && from.every((one) => typeof one === 'string')))
    throw badInput('from', 'must be a list of steps');
  if (action === 'backfillStart' && (!isObject(body.backfill) || typeof body.backfill.pipeline !== 'string'))
    throw badInput('backfill.pipeline', 'is required: the name of a pipeline');
  const said = typeof reason === 'string' && reason.trim() !== '' ? { reason: reason.trim() } : {};
  const { reason: _, ...rest } = body;
  return { ...rest, ...said } as unknown as ActionRequest;
}

/** What it would do, in Hex above all. */
export async function previewAction(
  parts: Parts,
  request: ActionRequest,
  by: string,
): Promise<Omit<ActionPreview, 'at'>> {
  const act = await actOf(parts, request, by);
  const { title, happens, button, danger = false, refusal = null } = await act.preview();
  return {
    notices: await parts.notices(),
    ...{ title, happens, button, danger, refusal, by },
    reason: needsReason(request) ? 'required' : keepsReason(request) ? 'optional' : 'none',
  };
}

/** Does it, in the name of this person. */
export async function performAction(
  parts: Parts,
  request: ActionRequest,
  by: string,
): Promise<Omit<ActionAnswer, 'at'>> {
  if (needsReason(request) && request.reason === undefined) throw badInput('reason', 'is required: why');
  const act = await actOf(parts, request, by);
  const { done, started = null } = await act.perform();
  return { notices: [], done, by, started };
}

/** Beside the controls, whose reasons stand in the audit. */
const KEEP_REASON: readonly ActionRequest['action'][] = [
  'cancel',
  'moveToFront',
  'schedulePause',
  'scheduleResume',
  'backfillPause',
  'sensorPause',
];

const keepsReason = ({ action }: ActionRequest) =>
  Object.hasOwn(CONTROL_RULES, action) || KEEP_REASON.includes(action);

function needsReason({ action }: ActionRequest): boolean {
  return Object.hasOwn(CONTROL_RULES, action) && CONTROL_RULES[action as ControlAction].needsReason;
}
