/** Of a run: at its end. */
export type RunNotifyEvent = 'success' | 'failure' | 'cancelled';

/** Of a step: at its end, when it waits for a person, and when it will probably miss, or has missed, its `deadline`. */
export type StepNotifyEvent = RunNotifyEvent | 'waiting' | 'deadline' | 'at_risk';

/** Of the schedule of a pipeline, from the keeper: starts that did not happen, or late, all clear, and its freshness. */
export type KeeperEvent = 'missed' | 'late' | 'filled' | 'stale' | 'fresh';

/** Of a pipeline: at its end, when a step of it waits for a person, when it or a step will miss or has missed its `deadline`, and of its schedule. */
export type NotifyEvent = StepNotifyEvent | KeeperEvent;

/** Notifications: where they go and on which events. One that cannot be delivered never fails the run or pipeline. */
export interface NotifyDefinition<Event extends NotifyEvent = NotifyEvent> {
  /** Name of a webhook in the worker's environment: `ops` is `HEX_NOTIFY_OPS_URL` and `HEX_NOTIFY_OPS_FORMAT`. */
  to: string;
  /**
   * Default `["failure"]`. `waiting`: for a person. `deadline`: still running when its `deadline` has passed; `at_risk`: expected to be, by earlier runs. `missed`,
   * `late`, `filled`: starts of its schedule. `stale`, `fresh`: by its `freshWithin`.
   */
  on?: Event[];
}

/** A {@link NotifyDefinition} after parsing. */
export type NotifySpec<Event extends NotifyEvent = NotifyEvent> = Required<NotifyDefinition<Event>>;

/** Fills in the default events. */
export function toNotifySpecs<Event extends NotifyEvent>(
  definitions: readonly NotifyDefinition<Event>[] = [],
): NotifySpec<Event | 'failure'>[] {
  return definitions.map(({ to, on = ['failure'] }) => ({ to, on }));
}

/** The webhooks that want to know of an event, each once. */
export function wantedBy(specs: readonly NotifySpec[], event: NotifyEvent): string[] {
  return [...new Set(specs.filter(({ on }) => on.includes(event)).map(({ to }) => to))];
}
