import type { ScheduleOptions } from '@temporalio/client';
import type { Parsed } from '../base/problems.js';
import type { HexPipelineInput, PipelineRunInput } from '../pipeline/definition/definition.js';
import { timezoneProblem } from '../pipeline/definition/timezone.js';

/** A zone may stand before a cron expression: `CRON_TZ=Europe/Berlin 0 6 * * *`. */
const IN_CRON = /^\s*(?:CRON_)?TZ=(\S+)\s/;

/** The input with the time zone of its schedule, which it takes over where its definition has none. */
export function inZoneOf(spec: ScheduleOptions['spec'], input: HexPipelineInput): Parsed<HexPipelineInput> {
  const timezone = spec.timezone ?? zoneInCron(spec.cronExpressions);
  if (timezone === undefined) return { ok: true, value: input };
  if (!isLong(input)) return { ok: true, value: { pipeline: input, timezone } };
  const wrong = timezoneProblem(input.timezone ?? null, timezone);
  return wrong ? { ok: false, problems: [wrong] } : { ok: true, value: { ...input, timezone } };
}

function zoneInCron(expressions: readonly string[] = []): string | undefined {
  return expressions.map((expression) => IN_CRON.exec(expression)?.[1]).find((zone) => zone !== undefined);
}

/** Whether an input is `{pipeline, params}`. */
export function isLong(input: HexPipelineInput): input is PipelineRunInput {
  return !Array.isArray(input) && 'pipeline' in input && !('steps' in input);
}
