import type { Duration } from '../../base/duration.js';
import type { JsonValue } from '../../base/json.js';
import type { WaitStatus } from '../definition/wait-schema.js';

/** What a sensor starts: a pipeline for each ending, or one for all since the last look. */
export const SENSOR_MODES = ['each', 'all_since_last'] as const;
/** One of {@link SENSOR_MODES}. */
export type SensorMode = (typeof SENSOR_MODES)[number];

/** The section `on` of a pipeline: which runs of Hex projects start it when they end, whoever started them. */
export interface SensorDefinition {
  /** Ids of Hex projects: one, or a list of at most 20. */
  projects: string | string[];
  /** How the runs have ended. Default `completed`. */
  status?: WaitStatus;
  /** `each` (default): one start for each ending. `all_since_last`: one for all since the last look, at most 200. */
  mode?: SensorMode;
  /**
   * Parameters of the start. Templates know `ending` (`projectId`, `runId`, `runUrl`, `status`, `trigger`, `projectVersion`, `startTime`,
   * `endTime`) and `endings`, the list of all.
   */
  params?: Record<string, JsonValue>;
  /** Connection of the projects. Default `default`. */
  connection?: string;
  /** Pause between two looks. Default `"60s"`. */
  every?: Duration;
}

/** A {@link SensorDefinition} after parsing. */
export interface SensorSpec {
  projects: string[];
  status: WaitStatus;
  mode: SensorMode;
  params: Record<string, JsonValue>;
  connection: string;
  everyMs: number;
}

/** The end of a run, as templates know it. */
export interface Ending {
  /** Project of the run. */
  projectId: string;
  /** Id of the run. */
  runId: string;
  /** Page of the run in Hex. */
  runUrl: string | null;
  /** Hex's status. */
  status: string;
  /** `API`, `SCHEDULED` or `APP_REFRESH`. */
  trigger: string | null;
  /** The published version that it ran. */
  projectVersion: string | null;
  /** ISO 8601; null of a run that was never given a kernel. */
  startTime: string | null;
  /** When it ended, ISO 8601. */
  endTime: string;
}

/** What templates may read of an ending. */
export const ENDING_FIELDS: readonly (keyof Ending)[] = [
  'projectId',
  'runId',
  'runUrl',
  'status',
  'trigger',
  'projectVersion',
  'startTime',
  'endTime',
];
