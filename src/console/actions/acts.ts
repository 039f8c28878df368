import { TemporalHexClient } from '../../client.js';
import type { ActionRequest } from '../contract.js';
import { clientOf } from '../pace.js';
import type { Parts } from '../parts.js';
import type { Act, Doing } from './act.js';
import { backfillAct } from './backfills.js';
import { moveAct } from './move.js';
import { cancelAct, controlAct, rerunAct } from './runs.js';
import { sensorAct } from './sensors.js';
import { scheduleAct, startAct } from './starts.js';

/** The action that is asked for. */
export async function actOf(parts: Parts, request: ActionRequest, by: string): Promise<Act> {
  const client = clientOf(parts.client, `${by} (temporal-hex console)`);
  const { taskQueue, limitsTaskQueue } = parts;
  const doing: Doing = { parts, hex: new TemporalHexClient({ client, taskQueue, limitsTaskQueue }), by };
  switch (request.action) {
    case 'cancel':
      return cancelAct(doing, request);
    case 'rerun':
      return rerunAct(doing, request);
    case 'start':
      return startAct(doing, request);
    case 'moveToFront':
      return moveAct(doing, request);
    case 'sensorPause':
    case 'sensorResume':
    case 'sensorSince':
      return sensorAct(doing, request);
    case 'schedulePause':
    case 'scheduleResume':
    case 'scheduleTrigger':
      return scheduleAct(doing, request);
    case 'backfillStart':
    case 'backfillPause':
    case 'backfillResume':
    case 'backfillCancel':
    case 'backfillRetry':
      return backfillAct(doing, request);
    default:
      return controlAct(doing, request);
  }
}
