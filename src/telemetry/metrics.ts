import type { LogMetadata, MetricMeter } from '@temporalio/common';
import type { LogEvent } from '../contract/log-events.js';
import type { HexErrorKind } from '../hex/index.js';
import type { LimiterView } from '../limits/index.js';
import { version } from '../version.js';
import { HeardOnce } from './heard-once.js';
import { boundedLabel } from './labels.js';

/** Series of a label that users fill: projects, pipelines, types of failures. What comes after them counts as `other`. */
export const MOST_PROJECTS = 100;
const MOST_PIPELINES = 100;
const MOST_SCHEDULES = 100;
/** Each is asked for every page of metrics. */
export const MOST_SENSORS = 50;
const MOST_FAILURES = 50;

/** Buckets of our histograms, in seconds, for Core's exporter. */
export const BUCKETS: Record<string, number[]> = {
  temporal_hex_queue_wait: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
  temporal_hex_end_to_seen_delay: [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300],
  temporal_hex_request_duration: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  temporal_hex_pipeline_duration: [1, 10, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400],
};

/** Failures of requests that alerts watch: their series exist from the start, so that the first one is an increase. */
const FAILURES: readonly HexErrorKind[] = [
  'HexAuth',
  'HexForbidden',
  'HexNotFound',
  'HexInvalidRequest',
  'HexRateLimited',
  'HexNoKernel',
  'HexUnavailable',
  'HexUnexpectedAnswer',
  'HexNetwork',
];

/** A request to Hex that is over. */
export interface RequestFacts {
  connection: string;
  operation: string;
  /** HTTP status; null where there was no answer. */
  status: number | null;
  failure: HexErrorKind | null;
  durationMs: number;
}

/** The budgets of a connection: what is used, and of how much; null for no limit. */
export type Budgets = Readonly<Record<string, { used: number; limit: number | null }>>;

/** How a sensor stands. */
export interface SensorState {
  lagMs: number;
  /** Starts that are tried again. */
  failing: number;
  /** Endings that were given up. */
  givenUp: number;
}

/** Our own metrics, beside those of Temporal's SDK. */
export interface Metrics {
  /** Counts what a line of the log says; once, though a task that is done again says it again. */
  hear(event: LogEvent, attributes: LogMetadata): void;
  /** Counts a request to Hex. */
  request(facts: RequestFacts): void;
  /** Shows whether the worker takes work. */
  ready(is: boolean): void;
  /** Shows the line and the budgets of a connection's limiter. */
  limiter(connection: string, view: LimiterView): void;
  budgets(connection: string, budgets: Budgets): void;
  /** Shows how many starts a schedule misses, whether its results are too old, and how old; null where that is not known. */
  schedule(schedule: string, state: { missing: number; stale: boolean; ageMs: number | null }): void;
  /** Shows how far a sensor is behind, and what it could not start. */
  sensor(sensor: string, state: SensorState): void;
  /** Shows what the partitions of the backfills of a pipeline are at. */
  backfills(pipeline: string, counts: Readonly<Record<string, number>>): void;
}

/** @param connections the configured ones: their counters begin at 0 */
export function createMetrics(meter: MetricMeter, connections: readonly string[]): Metrics {
  const counter = (name: string, description: string) =>
    meter.createCounter(`temporal_hex_${name}`, '', description);
  const seconds = (name: string, description: string) =>
    meter.createHistogram(`temporal_hex_${name}`, 'float', 'seconds', description);
  const gauge = (name: string, description: string) =>
    meter.createGauge(`temporal_hex_${name}`, 'float', '', description);

  const runs = counter('runs', 'Runs that ended, by project, outcome and type of failure.');
  const pipelines = counter('pipelines', 'Pipelines that ended, by name and outcome.');
  const pipelineDuration = seconds('pipeline_duration', 'Time from the start of a pipeline to its end.');
  const adopted = counter(
    'runs_adopted',
    "Runs found in Hex's list after the answer to their start was lost.",
  );
  const avoided = counter('second_runs_avoided', 'Runs that were not started, since there was one already.');
  const cleanups = counter('cleanups_failed', 'Runs that could not be cancelled and may still be running.');
  const strays = counter('strays', 'Runs found in Hex that nobody follows any more.');
  const queueWait = seconds('queue_wait', 'Time from the start of a hexRun to the start of its run in Hex.');
  const endToSeen = seconds('end_to_seen_delay', 'Time from the end of a run in Hex until it was noticed.');
  const requests = counter('requests', 'Requests to Hex, by operation and HTTP status.');
  const requestFailures = counter('request_failures', 'Requests to Hex that failed, by kind.');
  const requestDuration = seconds('request_duration', 'Time that requests to Hex take.');
  const ready = gauge('worker_ready', 'Whether the worker polls and Temporal answers.');
  const line = gauge('line_length', "Runs that wait under Hex's limits.");
  const oldest = gauge('line_oldest_wait_seconds', 'How long the first run in line has waited.');
  const backOff = gauge('starts_held_back_seconds', 'How long Hex has asked us not to start anything.');
  const used = gauge('budget_used', "What is used of a limit of Hex's.");
  const free = gauge('budget_free', "What is left of a limit of Hex's.");

  const missing = gauge('schedule_missed_starts', 'Starts of a schedule that are missing still.');
  const stale = gauge('schedule_stale', 'Whether the results of a schedule are older than its freshWithin.');
  const lag = gauge('schedule_freshness_lag_seconds', 'Age of the newest result of a schedule.');
  const sensorLag = gauge('sensor_lag_seconds', 'How far a sensor is behind the ends of runs in Hex.');
  const failingStarts = gauge('sensor_failing_starts', 'Starts of a sensor that fail and are tried again.');
  const givenUp = gauge(
    'sensor_given_up_endings',
    'Endings for which a sensor has given up to start anything.',
  );
  const partitions = gauge('backfill_partitions', 'Partitions of the backfills under way, by state.');

  const heard = new HeardOnce();
  const schedule = boundedLabel(MOST_SCHEDULES);
  const sensor = boundedLabel(MOST_SENSORS);
  const project = boundedLabel(MOST_PROJECTS);
  const pipeline = boundedLabel(MOST_PIPELINES);
  const failureType = boundedLabel(MOST_FAILURES);
  const avoid = (reason: 'adopted' | 'joined' | 'skipped' | 'fresh') => avoided.add(1, { reason });

  gauge('worker_info', 'Version of temporal-hex; always 1.').set(1, { version });
  for (const reason of ['adopted', 'joined', 'skipped', 'fresh']) avoided.add(0, { reason });
  for (const connection of connections) {
    cleanups.add(0, { connection });
    for (const fate of ['cancelled', 'left']) strays.add(0, { connection, fate });
    for (const kind of FAILURES) requestFailures.add(0, { connection, kind });
  }

  return {
    hear(event, attributes) {
      if (!heard.isNew(event, attributes)) return;
      switch (event.event) {
        case 'run_started':
          return queueWait.record(event.waitedMs / 1_000, { connection: event.connection });
        case 'run_adopted':
          adopted.add(1, { project: project(event.projectId) });
          return avoid('adopted');
        case 'run_reused':
          return avoid('fresh');
        case 'run_end_seen':
          return endToSeen.record(event.delayMs / 1_000, { connection: event.connection });
        case 'run_ended': {
          const { outcome, failure } = event;
          if (outcome === 'joined' || outcome === 'skipped') avoid(outcome);
          return runs.add(1, {
            project: project(event.projectId),
            outcome,
            failure: failure === null ? '' : failureType(failure),
          });
        }
        case 'pipeline_started':
          // So that its first end is an increase.
          for (const outcome of ['completed', 'failed'] as const)
            pipelines.add(0, { pipeline: pipeline(event.pipeline), outcome });
          return;
        case 'pipeline_ended': {
          const { outcome, durationMs } = event;
          pipelineDuration.record(durationMs / 1_000, { outcome });
          return pipelines.add(1, { pipeline: pipeline(event.pipeline), outcome });
        }
        case 'cleanup_failed':
          return cleanups.add(1, { connection: event.connection });
        case 'strays_found': {
          const { connection, found, cancelled } = event;
          strays.add(cancelled, { connection, fate: 'cancelled' });
          return strays.add(found - cancelled, { connection, fate: 'left' });
        }
      }
    },
    request({ connection, operation, status, failure, durationMs }) {
      requests.add(1, { connection, operation, status: status === null ? 'none' : String(status) });
      requestDuration.record(durationMs / 1_000, { connection, operation });
      if (failure) requestFailures.add(1, { connection, kind: failure });
    },
    ready(is) {
      ready.set(is ? 1 : 0);
    },
    limiter(connection, { at, waiting, line: [first], penaltyUntil }) {
      line.set(waiting, { connection });
      oldest.set(first ? Math.max(0, at - first.askedAt) / 1_000 : 0, { connection });
      backOff.set(penaltyUntil === null ? 0 : Math.max(0, penaltyUntil - at) / 1_000, { connection });
    },
    schedule(id, state) {
      const labels = { schedule: schedule(id) };
      missing.set(state.missing, labels);
      stale.set(state.stale ? 1 : 0, labels);
      if (state.ageMs !== null) lag.set(state.ageMs / 1_000, labels);
    },
    sensor(name, state) {
      const labels = { sensor: sensor(name) };
      sensorLag.set(state.lagMs / 1_000, labels);
      failingStarts.set(state.failing, labels);
      givenUp.set(state.givenUp, labels);
    },
    backfills(name, counts) {
      for (const [state, count] of Object.entries(counts))
        partitions.set(count, { pipeline: pipeline(name), state });
    },
    budgets(connection, budgets) {
      for (const [budget, { used: taken, limit }] of Object.entries(budgets)) {
        used.set(taken, { connection, budget });
        if (limit !== null) free.set(Math.max(0, limit - taken), { connection, budget });
      }
    },
  };
}
