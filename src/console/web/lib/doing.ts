import { signal } from '@preact/signals';
import type { ActionAnswer, ActionRequest } from '../../contract.js';

/** What somebody has asked for and has not confirmed yet. */
export const asked = signal<ActionRequest | null>(null);

/** What was done last; shown for a while, and read out. */
export const done = signal<ActionAnswer | null>(null);

/** Opens the question before an action: nothing is done before it is confirmed. */
export function ask(request: ActionRequest): void {
  asked.value = request;
}
