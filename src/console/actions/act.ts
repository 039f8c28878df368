import type { TemporalHexClient } from '../../client.js';
import type { ActionPreview } from '../contract.js';
import type { Parts } from '../parts.js';

/** What an action would do and does. */
export interface Act {
  preview(): Promise<
    Pick<ActionPreview, 'title' | 'happens' | 'button'> & Partial<Pick<ActionPreview, 'danger' | 'refusal'>>
  >;
  perform(): Promise<{ done: string; started?: { workflowId: string; runId: string | null } }>;
}

/** Who does it, and with what. */
export interface Doing {
  parts: Parts;
  /** Works in the name of this person: Temporal records it with everything that is started, cancelled or signalled. */
  hex: TemporalHexClient;
  by: string;
}
