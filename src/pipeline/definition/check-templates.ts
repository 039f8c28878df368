import { isObject, own } from '../../base/json.js';
import type { Problem } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';
import { RUN_FIELDS } from '../../run/scope.js';
import { contentsOf, isTemplate, type VariablePath } from '../../templates/engine.js';
import { type ScopeShape, templateProblems } from '../../templates/values.js';
import type { ParamDefinition } from './definition.js';
import { ancestorsOf } from './graph.js';
import { resultFields } from './result-fields.js';
import type { PipelineSpec, StepSpec } from './spec.js';

/** Words that are meant as true or false. */
const SWITCHES: Readonly<Record<string, string>> = {
  true: 'true',
  yes: 'true',
  on: 'true',
  false: 'false',
  no: 'false',
  off: 'false',
};

/** Templates of the defaults of parameters: they may refer to the execution only. */
export function defaultTemplateProblems(params: Record<string, ParamDefinition>, path: string): Problem[] {
  return Object.entries(params).flatMap(([name, definition]) =>
    templateProblems(definition.default, { roots: { run: RUN_FIELDS } }, `${path}.${name}.default`),
  );
}

/** The template of a pipeline's key: it may refer to the parameters and the execution. */
export function keyTemplateProblems(
  { key, params }: Pick<PipelineSpec, 'key' | 'params'>,
  path: string,
): Problem[] {
  return templateProblems(
    key ?? undefined,
    { roots: { params: Object.keys(params), run: RUN_FIELDS } },
    path,
  );
}

/** Everything that is wrong with the templates of the steps of a sound graph. */
export function stepTemplateProblems(
  steps: readonly StepSpec[],
  params: Record<string, ParamDefinition>,
  path: string,
): Problem[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return steps.flatMap((step, index) => {
    const shape = shapeFor(step, byId, params);
    const at = `${path}[${index}]`;
    const { pipeline, ...others } = step.body;
    const withItem: ScopeShape =
      step.forEach === null ? shape : { ...shape, roots: { ...shape.roots, item: null, index: null } };
    return [
      ...templateProblems(step.when, shape, `${at}.when`),
      ...whenProblems(step, `${at}.when`),
      ...templateProblems(step.forEach ?? undefined, shape, `${at}.forEach`),
      ...forEachProblems(step, params, `${at}.forEach`),
      ...templateProblems(others, withItem, at),
      ...(isObject(pipeline) ? [] : templateProblems(pipeline, withItem, `${at}.pipeline`)),
    ];
  });
}

function shapeFor(
  step: StepSpec,
  byId: ReadonlyMap<string, StepSpec>,
  params: Record<string, ParamDefinition>,
): ScopeShape {
  let ancestors: Set<string> | null = null;
  const whyNot = ([root, name]: VariablePath): string | null => {
    if ((root === 'item' || root === 'index') && step.forEach === null) return 'the step has no forEach';
    if (root === 'item' || root === 'index') return null;
    if (root !== 'steps' || typeof name !== 'string') return null;
    if (!byId.has(name)) return `there is no step "${name}"${didYouMean(name, byId.keys())}`;
    ancestors ??= ancestorsOf(step.id, byId);
    return ancestors.has(name) ? null : `"${name}" may not have run by then: add it to dependsOn`;
  };
  return {
    roots: { params: Object.keys(params), run: RUN_FIELDS, steps: [...byId.keys()] },
    whyNot,
    fields: (root, name) => {
      if (root === 'run' && name === 'interval') return ['start', 'end'];
      const other = root === 'steps' ? byId.get(name) : undefined;
      return other ? resultFields(other) : null;
    },
  };
}

function whenProblems({ when }: StepSpec, path: string): Problem[] {
  if (typeof when !== 'string' || isTemplate(when)) return [];
  const word = own(SWITCHES, when.trim().toLowerCase());
  return [
    {
      path,
      message: word
        ? `must be true, false, or a template: write ${word}, without quotes`
        : `must be true, false, or a template: write "{{ ${when} }}"`,
    },
  ];
}

/** A fan-out over a parameter that is no list. */
function forEachProblems(
  { forEach }: StepSpec,
  params: Record<string, ParamDefinition>,
  path: string,
): Problem[] {
  if (typeof forEach !== 'string' || !/^\{\{\s*params\.\w+\s*\}\}$/.test(forEach)) return [];
  const found = contentsOf(forEach);
  const name = 'variables' in found ? found.variables[0]?.[1] : undefined;
  const type = typeof name === 'string' && Object.hasOwn(params, name) ? params[name]?.type : undefined;
  if (type === undefined || type === 'array') return [];
  return [
    { path, message: `needs a list, but the parameter "${name}" is of type ${type}: make it an array` },
  ];
}
