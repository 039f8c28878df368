import type { Ending } from '../pipeline/sensor/definition.js';

/** What the memo of a sensor says of what it was made from. */
export interface SensorMark {
  /** As it was given, with forward slashes; null of one that was made by hand. */
  file: string | null;
  /** Of its input. */
  sha256: string;
}

/** A start that did not succeed. */
export interface FailedStart {
  /** The ending that it was for; with `all_since_last`, the last of them. */
  ending: Pick<Ending, 'projectId' | 'runId' | 'endTime'>;
  /** Why. */
  message: string;
  /** How often it was tried. */
  attempts: number;
}

/** Where a sensor stands with one project. */
export interface SensedProject {
  /** Id of the project. */
  projectId: string;
  /** The last ending that was handled; null for none yet. */
  cursor: { endTime: string; runId: string } | null;
  /** Nothing before this is looked at, ISO 8601. */
  since: string;
  /**
   * How far it is behind, in ms; 0 when it has seen everything up to its last look. While it is paused, the project cannot be looked at, or
   * 300 starts fail, the time since the last look.
   */
  lagMs: number;
  /** Runs that are still to be looked at, about. */
  behind: number;
  /** Runs that were going on in the last look. */
  open: number;
  /** When it was last looked at, ISO 8601; null for not yet. */
  lookedAt: string | null;
  /** Why it cannot be looked at; null where it can. */
  trouble: string | null;
}

/** Answer of the query `progress` of `hexSensor`. */
export interface SensorProgress {
  /** Name of the pipeline, or of the sensor. */
  name: string;
  /** What it does with an ending, in words. */
  does: string;
  /** `catching_up`: some project has more ended runs than a page shows. */
  status: 'watching' | 'catching_up' | 'paused';
  /** Who paused it, and why; null where it is not paused. */
  paused: { by: string; reason: string | null } | null;
  /** Endings that were handled since it began. */
  endings: number;
  /** One entry a project, in the order of the definition. */
  projects: SensedProject[];
  /** Starts that are tried again. */
  failing: FailedStart[];
  /** Endings that were given up since it began: their starts failed for a day. */
  givenUp: number;
}
