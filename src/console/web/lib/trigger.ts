import type { TriggerKind } from '../../../pipeline/definition/trigger-kind.js';

const WORDS: Record<TriggerKind, string> = {
  schedule: 'by its schedule',
  backfill: 'by a backfill',
  manual: 'by hand',
  sensor: 'by a sensor',
  rerun: 'as a rerun',
};

/** What started a run, in words; nothing where that is not known. */
export const triggerWords = (trigger: TriggerKind | null): string => (trigger ? WORDS[trigger] : '');
