import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import type { ScheduleOptions } from '@temporalio/client';
import { sizeProblems } from '../../base/input-size.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { memo } from '../../contract/memo.js';
import type { ScheduleMark } from '../../contract/schedules.js';
import { parsePipelineInput } from '../../pipeline/boundary.js';
import { detailsOf } from '../../pipeline/definition/about.js';
import type {
  HexPipelineInput,
  PipelineDefinition,
  PipelineRunInput,
} from '../../pipeline/definition/definition.js';
import type { PipelineSpec } from '../../pipeline/definition/spec.js';
import { taskTimeoutOf } from '../../pipeline/definition/task-timeout.js';
import { planPipeline } from '../../pipeline/preview/plan-summary.js';
import { type Overlap, occurrences, type ScheduleSpec, temporalSpec } from '../../schedule/index.js';
import { keptName } from '../apply/options.js';
import { isLong } from '../schedule-zone.js';

/** A pipeline file, as far as schedules are made from it. */
export interface ScheduleSource {
  /** Names the file in messages and in the memo of the schedule, such as `pipelines/daily-etl.yaml`. */
  file: string;
  /** What it holds. A file without a `schedule` is passed over. */
  input: HexPipelineInput;
}

/** The Temporal Schedule that a file asks for. */
export interface DesiredSchedule {
  mark: ScheduleMark;
  schedule: ScheduleSpec;
  owner: string | null;
  options: ScheduleOptions & { policies: NonNullable<ScheduleOptions['policies']> };
}

const OVERLAP: Record<Overlap, NonNullable<NonNullable<ScheduleOptions['policies']>['overlap']>> = {
  skip: 'SKIP',
  buffer_one: 'BUFFER_ONE',
  buffer_all: 'BUFFER_ALL',
  allow_all: 'ALLOW_ALL',
  cancel_other: 'CANCEL_OTHER',
};

/** What a file asks for; null where it has no schedule. Checked as far as the first run would be. */
export function desiredSchedule(source: ScheduleSource, taskQueue: string): Parsed<DesiredSchedule | null> {
  const parsed = parsePipelineInput(source.input);
  if (!parsed.ok) return refused(source, parsed.problems);
  const { spec, params, timezone, key, ifExists } = parsed.value;
  if (!spec?.schedule) return { ok: true, value: null };
  const { schedule } = spec;
  if (timezone !== null && spec.timezone === null)
    return refused(source, [
      { path: 'timezone', message: 'must stand in the definition, beside its schedule' },
    ]);
  const stem = basename(source.file, extname(source.file));
  const name = spec.name === 'pipeline' ? stem : spec.name;
  const input = {
    pipeline: { ...definitionIn(source.input), name },
    params: { ...params, ...schedule.params },
    ...(key !== null && { key }),
    ...(ifExists !== null && { ifExists }),
  } satisfies PipelineRunInput;
  const [first] = occurrences(schedule, Date.now());
  const tooLarge = sizeProblems(input);
  if (tooLarge.length > 0) return refused(source, tooLarge);
  const planned = planPipeline(
    { ...parsed.value, name, spec: { ...spec, name }, params: input.params },
    { scheduledTime: first?.scheduledTime ?? new Date().toISOString() },
  );
  if (!planned.ok) return refused(source, planned.problems);
  const mark: ScheduleMark = {
    managedBy: 'temporal-hex',
    file: keptName(source.file),
    sha256: createHash('sha256').update(JSON.stringify(input)).digest('hex'),
    name,
    paused: schedule.paused,
  };
  return {
    ok: true,
    value: { mark, schedule, owner: spec.owner, options: optionsOf(mark, schedule, spec, input, taskQueue) },
  };
}

function optionsOf(
  mark: ScheduleMark,
  schedule: ScheduleSpec,
  pipeline: PipelineSpec,
  input: PipelineRunInput,
  taskQueue: string,
) {
  // From the beginning of the year, so that a second apply asks for the same.
  const since = Date.UTC(new Date().getUTCFullYear(), 0, 1);
  return {
    scheduleId: mark.name,
    spec: temporalSpec(schedule, since) as ScheduleOptions['spec'],
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'hexPipeline',
      workflowId: mark.name,
      taskQueue,
      args: [input],
      memo: memo({ hexSchedule: mark }),
      staticSummary: `Hex pipeline ${mark.name}`,
      ...detailsOf(pipeline),
      ...taskTimeoutOf(pipeline),
    },
    policies: {
      overlap: OVERLAP[schedule.overlap],
      catchupWindow: schedule.catchupMs,
      pauseOnFailure: schedule.pauseOnFailure,
    },
    memo: memo({ hexSchedule: mark }),
    state: { paused: schedule.paused },
  };
}

function definitionIn(input: HexPipelineInput): PipelineDefinition {
  return (isLong(input) ? input.pipeline : input) as PipelineDefinition;
}

const refused = ({ file }: ScheduleSource, problems: readonly Problem[]): Parsed<never> => ({
  ok: false,
  problems: problems.map(({ path, message }) => ({ path: path ? `${file}: ${path}` : file, message })),
});
