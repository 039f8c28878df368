/** What can start a pipeline. `manual` is a person or a program, `rerun` the repetition of an earlier execution. */
export const TRIGGER_KINDS = ['schedule', 'backfill', 'manual', 'sensor', 'rerun'] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

/** The kind of trigger of this name; null where it is none. */
export function triggerKindOf(name: unknown): TriggerKind | null {
  return TRIGGER_KINDS.find((kind) => kind === name) ?? null;
}
