import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { pipelineSchema } from '../src/pipeline/definition/schema.js';

type Json = Record<string, unknown>;

const TEMPLATE = {
  type: 'string',
  pattern: '\\{\\{|\\{%',
  description: 'A template, such as {{ params.x }}',
};

/** Fields that say what there is to run and when; they cannot be templates. */
const FIXED = new Set([
  ...['id', 'dependsOn', 'triggerRule', 'onFailure', 'cancelSiblings', 'decisionWithin', 'window', 'retry'],
  'notify',
]);

/** Where the words for the fields of each kind of step are. */
const STEP_TYPES = {
  projectId: 'HexStep',
  pipeline: 'PipelineStep',
  workflow: 'WorkflowStep',
  approval: 'ApprovalStep',
  http: 'HttpStep',
  waitFor: 'WaitForStep',
};

/** The JSON Schema of a pipeline file, a definition or a list of steps, with the doc comments of the types as descriptions. */
export function pipelineJsonSchema(): Json {
  const { $schema, $defs, ...root } = z.toJSONSchema(pipelineSchema(), {
    io: 'input',
    override: ({ jsonSchema }) => demandUnits(jsonSchema as Json),
  }) as Json;
  const definitions = { ...($defs as Record<string, Json>), template: TEMPLATE };
  const find = (schema: Json): Json => definitionOf(schema, definitions);
  const comments = docComments('pipeline/definition/definition.ts', 'run/input.ts');
  const pipeline = find(root);
  describe(pipeline, comments, ['PipelineDefinition']);
  pipeline.patternProperties = { '^x-': { description: 'Whatever anchors (&name) of the file stand for' } };
  describeProjects(pipeline, comments);
  const { steps } = pipeline.properties as { steps: { items: Json } };
  for (const found of find(steps.items).anyOf as Json[]) {
    const step = find(found);
    const fields = step.properties as Record<string, Json>;
    const kind =
      Object.entries(STEP_TYPES).find(([field]) => (step.required as string[]).includes(field))?.[1] ?? '';
    describe(step, comments, [kind, 'StepBase', 'HexRunInput']);
    if (fields.retry) describe(fields.retry, comments, ['RetryDefinition']);
    if (fields.poll) describe(fields.poll, comments, ['PollInput']);
    if (fields.http) describe(fields.http, comments, ['HttpDefinition']);
    if (fields.waitFor) describe(fields.waitFor, comments, ['WaitForDefinition']);
    allowTemplates(step);
  }
  return {
    $schema,
    title: 'Pipeline of Hex projects for temporal-hex',
    anyOf: [root, { type: 'array', items: steps.items, minItems: 1 }],
    $defs: definitions,
  };
}

/** The words for what is declared of projects. */
function describeProjects(pipeline: Json, comments: ReadonlyMap<string, string>): void {
  const { projects } = pipeline.properties as { projects: { additionalProperties: Json } };
  const project = projects.additionalProperties;
  describe(project, comments, ['ProjectDefinition']);
  const { inputs } = project.properties as { inputs: { additionalProperties: { anyOf: Json[] } } };
  for (const form of inputs.additionalProperties.anyOf) {
    if (form.properties) describe(form, comments, ['InputDefinition']);
  }
}

/** A duration, which alone is a number or a text, takes no number that could be meant as seconds. */
function demandUnits({ anyOf }: Json): void {
  const [number, text, ...others] = (anyOf ?? []) as Json[];
  if (number?.type === 'number' && text?.type === 'string' && others.length === 0)
    number.not = { exclusiveMinimum: 0, exclusiveMaximum: 60_000 };
}

/** Fields that are not text anyway may be templates as well. */
function allowTemplates(step: Json): void {
  const properties = step.properties as Record<string, Json>;
  for (const [name, { description, ...field }] of Object.entries(properties)) {
    if (
      !FIXED.has(name) &&
      (field.type !== 'string' || field.pattern !== undefined || field.enum !== undefined)
    )
      properties[name] = { description, anyOf: [field, { $ref: '#/$defs/template' }] };
  }
}

function describe(schema: Json, comments: ReadonlyMap<string, string>, types: readonly string[]): void {
  for (const [name, field] of Object.entries(schema.properties as Record<string, Json>)) {
    const type = types.find((one) => comments.has(`${one}.${name}`));
    if (type) field.description = comments.get(`${type}.${name}`);
  }
}

/** The doc comments of the fields of interfaces, by `Interface.field`. */
function docComments(...files: string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of files) {
    const source = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
    for (const [, name, body = ''] of source.matchAll(/export interface (\w+)[^{]*\{\n([\s\S]*?)\n\}/g)) {
      for (const [, comment = '', field] of body.matchAll(
        /^ {2}\/\*\*((?:[^*]|\*(?!\/))*)\*\/\n {2}(\w+)\??:/gm,
      ))
        found.set(`${name}.${field}`, plain(comment));
    }
  }
  return found;
}

function plain(comment: string): string {
  return comment
    .replace(/\n\s*\*/g, ' ')
    .replace(/\{@link (?:\w+\.)?(\w+)\}/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

function definitionOf(schema: Json, definitions: Record<string, Json>): Json {
  const name = typeof schema.$ref === 'string' ? schema.$ref.replace('#/$defs/', '') : null;
  const found = name === null ? schema : definitions[name];
  if (!found) throw new Error(`The schema refers to ${name}, which it does not hold`);
  return found.$ref === undefined ? found : definitionOf(found, definitions);
}
