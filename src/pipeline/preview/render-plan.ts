import { formatDuration } from '../../base/duration.js';
import { ASSUMED_RUN_MS } from './estimate.js';
import { limitsText } from './limits.js';
import type { PipelinePlan, PlannedStep } from './plan-summary.js';

/** A plan as text: the order, what runs at the same time, and what it costs. */
export function planText(plan: PipelinePlan): string {
  const width = Math.max(...plan.steps.map((step) => nameOf(step).length));
  const lines = plan.steps.map((step, index) => {
    const first = plan.steps[index - 1]?.level !== step.level;
    return `${first ? String(step.level).padStart(4) : '    '}  ${nameOf(step).padEnd(width)}  ${step.what}${notes(step)}`;
  });
  const params = Object.entries(plan.params).map(([name, value]) => `  ${name} = ${JSON.stringify(value)}`);
  return [
    headOf(plan),
    ...estimateLines(plan),
    ...(plan.key ? [`Key ${plan.key.text}, ${plan.key.ifExists} where it exists`] : []),
    ...(params.length > 0 ? ['', 'Parameters', ...params] : []),
    '',
    'Steps by level: those of a level may run at the same time',
    ...lines,
    '',
    'Time limits',
    ...limitLines(plan),
    ...(plan.warnings.length > 0 ? ['', ...plan.warnings.map((one) => `Note: ${one}`)] : []),
  ].join('\n');
}

/** A plan as a Mermaid flow chart. */
export function planMermaid(plan: PipelinePlan): string {
  const numbers = new Map(plan.steps.map(({ id }, index) => [id, `s${index}`]));
  const nodes = plan.steps.map((step) => `  ${numbers.get(step.id)}${shape(step)}`);
  const edges = plan.steps.flatMap((step) =>
    step.dependsOn.map((wanted) => {
      const rule = step.triggerRule === 'all_success' ? '-->' : `-. ${step.triggerRule} .->`;
      return `  ${numbers.get(wanted)} ${rule} ${numbers.get(step.id)}`;
    }),
  );
  return ['flowchart LR', ...nodes, ...edges].join('\n');
}

function headOf({ name, steps, levels, atOnce, calls }: PipelinePlan): string {
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const more = calls.unknown.length > 0 ? `, more in ${calls.unknown.join(', ')}` : '';
  const assumed = steps.some(({ usual }) => usual) ? '' : ` if each takes ${formatDuration(ASSUMED_RUN_MS)}`;
  const cost = `${count(calls.starts, 'run')} of Hex, about ${count(calls.reads, 'read')}${assumed}`;
  return `${name}: ${count(steps.length, 'step')} in ${count(levels.length, 'level')}, at most ${atOnce} at once; ${cost}${more}`;
}

/** What earlier runs let expect, and of which steps nothing is known. */
function estimateLines({ steps, estimate }: PipelinePlan): string[] {
  if (!steps.some(({ usual }) => usual)) return [];
  const { p50Ms, p90Ms, kernelMs, assumed } = estimate;
  const ends = `By earlier runs it takes about ${formatDuration(p50Ms)}, nine times of ten at most ${formatDuration(p90Ms)}, and ${Math.round(kernelMs / 60_000)} kernel minutes, if nothing waits`;
  if (assumed.length === 0) return [ends];
  return [
    ends,
    `Assumed ${formatDuration(ASSUMED_RUN_MS)} a run, for no earlier one is known: ${some(assumed)}`,
  ];
}

/** A line for the pipeline, and one for all steps with the same limits. */
function limitLines({ limits, steps }: PipelinePlan): string[] {
  const ids = new Map<string, string[]>();
  for (const step of steps) {
    const text = limitsText(step.limits);
    ids.set(text, [...(ids.get(text) ?? []), step.id]);
  }
  const lines = [...ids].map(([text, of]) => `  ${some(of)}: ${text}`);
  return [`  the pipeline: ${limitsText(limits)}`, ...lines];
}

function some(ids: readonly string[]): string {
  return `${ids.slice(0, 6).join(', ')}${ids.length > 6 ? ', ...' : ''}`;
}

function nameOf({ id, times }: PlannedStep): string {
  return times === 1 ? id : `${id} x${times ?? '?'}`;
}

function notes({ dependsOn, triggerRule, when, maxAttempts, usual }: PlannedStep): string {
  const parts: string[] = [];
  if (dependsOn.length > 0) parts.push(`after ${some(dependsOn)}`);
  if (triggerRule !== 'all_success') parts.push(triggerRule);
  if (when !== null) parts.push(`when ${when}`);
  if (maxAttempts > 1) parts.push(`up to ${maxAttempts} attempts`);
  if (usual) parts.push(`usually ${formatDuration(usual.p50Ms)}, by ${usual.runs} earlier`);
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}

function shape(step: PlannedStep): string {
  const label = `"${nameOf(step).replaceAll('"', '#quot;')}"`;
  if (step.kind === 'approval') return `{${label}}`;
  if (step.kind === 'pipeline') return `[[${label}]]`;
  if (step.kind === 'waitFor') return `([${label}])`;
  if (step.kind === 'http') return `[/${label}/]`;
  return step.kind === 'workflow' ? `(${label})` : `[${label}]`;
}
