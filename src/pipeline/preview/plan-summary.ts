import { sizeProblems } from '../../base/input-size.js';
import { isObject, type JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { HEX_LIMITS } from '../../limits/hex-limits.js';
import type { RunSpec } from '../../run/input.js';
import type { KeySpec } from '../../run/key.js';
import { runScope } from '../../run/scope.js';
import { isTemplate } from '../../templates/engine.js';
import { parseRunInput, prepare, problemsOfLaterItems } from '../boundary.js';
import {
  asRequested,
  isChild,
  type PipelineRequest,
  type PipelineSpec,
  type StepKind,
  type StepSpec,
} from '../definition/spec.js';
import type { TriggerRule } from '../definition/trigger-rules.js';
import { requestName } from '../plan/http-request.js';
import { intervalOf } from '../plan/interval.js';
import { type Plan, planOf } from '../plan/plan.js';
import type { PreparedPipeline } from '../plan/prepare.js';
import type { StepWork } from '../plan/step-work.js';
import { waitName } from '../plan/wait.js';
import {
  type EarlierRuns,
  estimateOf,
  type PlanEstimate,
  readsOfRun,
  type UsualRun,
  usualRun,
} from './estimate.js';
import { type Limits, pipelineLimits, stepLimits } from './limits.js';

/** A step as `plan` shows it, before anything has run. */
export interface PlannedStep {
  id: string;
  kind: StepKind;
  /** Which steps may run at the same time: those of a level wait only for earlier ones. From 1. */
  level: number;
  dependsOn: string[];
  triggerRule: TriggerRule;
  /** What it runs, in words. */
  what: string;
  /** How often it runs: 1, the number of its items, or null where an earlier step decides. */
  times: number | null;
  when: string | null;
  maxAttempts: number;
  /** Time limits of an attempt, in ms; null for none, a template where an earlier step decides, `auto` where earlier runs do. */
  limits: Limits;
  /** The Hex projects that it runs, as far as they are known before an earlier step has run. */
  projects: string[];
  /** How long a run of it usually takes; null where no earlier run is known, or it runs no Hex project. */
  usual: UsualRun | null;
}

/** What a pipeline would do, found without touching Hex. */
export interface PipelinePlan {
  name: string;
  params: Record<string, JsonValue>;
  /** Its business key and what it means; null where it has none. */
  key: KeySpec | null;
  /** Time limits of the whole, in ms; null for none. */
  limits: Limits;
  /** In the order of execution. */
  steps: PlannedStep[];
  levels: string[][];
  /** Most children at once, as far as it is known. */
  atOnce: number;
  calls: {
    /** Hex runs that are started when every step succeeds at once, sub-pipelines not counted. */
    starts: number;
    /** Steps whose number of runs is decided by an earlier step, or inside a sub-pipeline. */
    unknown: string[];
    /** Status reads in all, about: when every run takes as long as it usually does, or 10 minutes where that is not known. */
    reads: number;
  };
  estimate: PlanEstimate;
  warnings: string[];
}

/** What templates of the execution are filled with. */
export interface PlanOptions {
  /** ISO 8601. */
  scheduledTime: string;
  workflowId?: string;
  /** How long runs of its projects have taken. Default: nothing is known. */
  earlier?: EarlierRuns;
}

const NOTHING_KNOWN: EarlierRuns = new Map();

/** Checks all that can be known before a pipeline starts and lays it out. The request names no file: a definition has to be given. */
export function planPipeline(
  request: PipelineRequest,
  { scheduledTime, workflowId = 'plan', earlier = NOTHING_KNOWN }: PlanOptions,
): Parsed<PipelinePlan> {
  const { load, params, timezone } = request;
  if (!request.spec)
    return {
      ok: false,
      problems: [
        {
          path: 'pipeline',
          message: `"${load}" is a name, which only the worker can look up: give the file`,
        },
      ],
    };
  const spec = asRequested(request.spec, request);
  const time = new Date(request.scheduledTime ?? scheduledTime);
  const run = {
    ...runScope({ scheduledTime: time, startTime: time, workflowId }, spec.timezone ?? timezone ?? 'UTC'),
    ...intervalOf(request, spec, time),
    pipeline: spec.name,
  };
  const prepared = prepare(spec, params, run);
  if (!prepared.ok) return prepared;
  for (const problems of problemsOfLaterItems(spec, prepared.value, run)) {
    if (problems.length > 0) return { ok: false, problems };
  }
  const tooLargeSteps = [...prepared.value.ready].flatMap(([id, works]) => firstTooLarge(id, works));
  if (tooLargeSteps.length > 0) return { ok: false, problems: tooLargeSteps };
  return { ok: true, value: summarize(planOf(spec), prepared.value, earlier) };
}

/** What a step is given may be too large though the input is not: a template may use a large parameter twice. */
function firstTooLarge(id: string, works: readonly StepWork[]): Problem[] {
  for (const work of works) {
    const problems = sizeProblems(work, `steps.${id}`);
    if (problems.length > 0) return problems;
  }
  return [];
}

function summarize(plan: Plan, prepared: PreparedPipeline, earlier: EarlierRuns): PipelinePlan {
  const { spec, levels } = plan;
  const levelOf = new Map(levels.flatMap((ids, index) => ids.map((id) => [id, index + 1] as const)));
  const steps = plan.order.map((step): PlannedStep => {
    const { id, kind, dependsOn, triggerRule, when, retry } = step;
    const projects = projectsOf(step, prepared.ready.get(id));
    return {
      id,
      kind,
      level: levelOf.get(id) ?? 1,
      dependsOn,
      triggerRule,
      what: whatOf(step, prepared.ready.get(id)),
      times: timesOf(step, prepared),
      when: typeof when === 'string' ? when : when ? null : 'false',
      maxAttempts: retry.maxAttempts,
      limits: stepLimits(step, prepared.ready.get(id)),
      projects,
      usual: usualRun(projects, earlier),
    };
  });
  const hexSteps = steps.filter(({ kind }) => kind === 'hex');
  const starts = hexSteps.reduce((sum, { times }) => sum + (times ?? 0), 0);
  const reads = hexSteps.reduce(
    (sum, { id, times, projects }) =>
      sum + (times ?? 0) * readsOfRun(pollOf(prepared.ready.get(id)), projects, earlier),
    0,
  );
  const unknown = steps
    .filter(({ kind, times }) => kind === 'pipeline' || times === null)
    .map(({ id }) => id);
  const atOnce = Math.min(spec.maxParallel ?? Number.POSITIVE_INFINITY, widest(plan, prepared));
  const facts = { starts, atOnce, hexSteps: hexSteps.map(({ id }) => id) };
  return {
    name: spec.name,
    params: prepared.params,
    key: prepared.key,
    limits: pipelineLimits(spec),
    steps,
    levels,
    atOnce,
    calls: { starts, unknown, reads },
    estimate: estimateOf(
      steps.map((step) => ({ ...step, window: plan.byId.get(step.id)?.window ?? null })),
      spec.maxParallel,
    ),
    warnings: warningsOf(spec, facts),
  };
}

function timesOf(step: StepSpec, { items }: PreparedPipeline): number | null {
  return step.forEach === null ? 1 : (items.get(step.id)?.length ?? null);
}

/** Children of one level at once. A fan-out counts with its window. */
function widest({ levels, byId }: Plan, prepared: PreparedPipeline): number {
  const width = (id: string) => {
    const step = byId.get(id);
    if (!step || !isChild(step.kind)) return 0;
    const times = timesOf(step, prepared) ?? step.window ?? 1;
    return Math.min(times, step.window ?? times);
  };
  return Math.max(0, ...levels.map((ids) => ids.reduce((sum, id) => sum + width(id), 0)));
}

/** The projects of a step, as far as no earlier step decides on them. */
function projectsOf({ kind, body }: StepSpec, works: readonly StepWork[] = []): string[] {
  if (kind !== 'hex') return [];
  const ready = works.flatMap((work) => (work.kind === 'hex' ? [work.input.projectId] : []));
  const written = typeof body.projectId === 'string' && !isTemplate(body.projectId) ? [body.projectId] : [];
  return [...new Set(ready.length > 0 ? ready : written)];
}

/** How the runs of a step are read; by default where an earlier step decides on its fields. */
function pollOf(works: readonly StepWork[] = []): RunSpec['poll'] {
  const [first] = works;
  const parsed = parseRunInput(first?.kind === 'hex' ? first.input : { projectId: 'any' });
  if (!parsed.ok) throw new Error('The fields of a step have been checked, and are not sound');
  return parsed.value.poll;
}

function whatOf(step: StepSpec, works: readonly StepWork[] | undefined): string {
  const { body, forEach } = step;
  const work = forEach === null ? works?.[0] : undefined;
  switch (step.kind) {
    case 'hex':
      return `project ${work?.kind === 'hex' ? work.input.projectId : text(body.projectId)}`;
    case 'pipeline': {
      const { pipeline } = body;
      return `pipeline ${text(isObject(pipeline) ? (pipeline.name ?? 'of its own') : pipeline)}`;
    }
    case 'workflow':
      return `workflow ${text(fieldOf(body.workflow, 'type'))}`;
    case 'approval':
      return `approval: ${work?.kind === 'approval' ? work.prompt : text(fieldOf(body.approval, 'prompt'))}`;
    case 'http':
      return work?.kind === 'http'
        ? requestName(work.request)
        : `${text(fieldOf(body.http, 'method') ?? 'GET')} ${text(fieldOf(body.http, 'url'))}`;
    case 'waitFor':
      return `wait for ${work?.kind === 'waitFor' ? waitName(work.wait.subject) : waitTemplate(body.waitFor)}`;
  }
}

function warningsOf(
  spec: PipelineSpec,
  facts: { starts: number; atOnce: number; hexSteps: string[] },
): string[] {
  const warnings: string[] = [];
  const { starts, atOnce } = facts;
  if (starts > HEX_LIMITS.startsPerHour)
    warnings.push(
      `${starts} runs: Hex starts ${HEX_LIMITS.startsPerHour} an hour for a user, so the last begins after ${Math.floor((starts - 1) / HEX_LIMITS.startsPerHour)} h or later`,
    );
  if (atOnce > HEX_LIMITS.kernels)
    warnings.push(
      `${atOnce} runs at once: Hex has ${HEX_LIMITS.kernels} kernels for a user; the others wait in line (set maxParallel to choose)`,
    );
  for (const { id, body } of spec.steps) {
    if (body.skipIfFresh !== undefined && body.inputParams !== undefined)
      warnings.push(`${id}: skipIfFresh looks at any completed run of the project, whatever its inputs were`);
  }
  return warnings;
}

/** A wait whose subject an earlier step decides. */
function waitTemplate(wait: JsonValue | undefined): string {
  const [name, value] = Object.entries(isObject(wait) ? wait : {})[0] ?? ['', ''];
  return `${name} ${text(value)}`;
}

function fieldOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isObject(value) ? value[name] : undefined;
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
