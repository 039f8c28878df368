import { isObject, type JsonObject, type JsonValue, own } from '../../base/json.js';
import { type Problem, pathText } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';
import { hasTemplates } from '../../templates/values.js';
import type { InputDefinition, ParamType, ProjectDefinition } from './definition.js';
import { paramProblem } from './params.js';

/** What is declared of Hex projects, by their ids. */
export type Projects = Readonly<Record<string, ProjectDefinition>>;

/**
 * What is wrong with the inputs of a step against those that its project is declared to have.
 *
 * @param rendered whether its templates have been filled in; else values that are templates pass
 */
export function inputProblems(step: JsonObject, projects: Projects, rendered: boolean, path = ''): Problem[] {
  const { projectId, inputParams = {}, viewId } = step;
  const declared = typeof projectId === 'string' ? own(projects, projectId) : undefined;
  // A view brings its own inputs.
  if (!declared || viewId !== undefined || !isObject(inputParams)) return [];
  const { inputs } = declared;
  const at = (name: string) => pathText(path, ['inputParams', name]);
  const names = Object.keys(inputs);
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(inputParams)) {
    if (!Object.hasOwn(inputs, name))
      problems.push({
        path: at(name),
        message: `project ${projectId} has no such input${didYouMean(name, names)} (it has ${names.join(', ') || 'none'})`,
      });
    else if (rendered || !hasTemplates(value)) {
      const wrong = inputProblem(definitionOf(inputs[name] ?? 'string'), value);
      if (wrong) problems.push({ path: at(name), message: wrong });
    }
  }
  for (const [name, input] of Object.entries(inputs)) {
    const { type, required = false } = definitionOf(input);
    if (required && !Object.hasOwn(inputParams, name))
      problems.push({ path: at(name), message: `is required by project ${projectId}: ${wanted(type)}` });
  }
  return problems;
}

/** Null stands for "not given", which is good where the input is not required. */
function inputProblem(definition: InputDefinition, value: JsonValue): string | null {
  if (value !== null) return paramProblem(definition, value);
  return definition.required ? `is required, and null is none: ${wanted(definition.type)}` : null;
}

function wanted(type: ParamType): string {
  return `give a value of type ${type}`;
}

function definitionOf(input: ParamType | InputDefinition): InputDefinition {
  return typeof input === 'string' ? { type: input } : input;
}
