import { isObject, type JsonValue } from '../base/json.js';
import { TestPipelineError } from './errors.js';

type Step = Record<string, JsonValue>;

/** What a test needs to know of a definition, and what it changes in it. */
export interface TestSteps {
  /** Types of workflows that are stubbed. */
  stubbed: ReadonlySet<string>;
  /** Task queue of the stubs. */
  stubQueue: string;
  /** Whether requests of `http` steps are answered. */
  hasHttp: boolean;
}

/** Waits that make sense against Hex, and would only make a test slow. A step that names one keeps it. */
const QUICK: Step = {
  poll: { first: '20ms', min: '20ms', max: '200ms' },
  lateStartGrace: '300ms',
  triggerRetryDelay: '50ms',
};

/** The input with its steps followed closely, and with the workflows of others sent to their stubs. */
export function forTest(input: JsonValue, test: TestSteps): JsonValue {
  return mapSteps(input, (step) => {
    if (step.projectId !== undefined) return { ...QUICK, ...step };
    if (step.http !== undefined && !test.hasHttp)
      throw new TestPipelineError(
        'A step sends an HTTP request, and a test sends none: stub it, http: async ({ url }) => ({ status: 200, json: { ... } })',
      );
    if (!isObject(step.workflow)) return step;
    const workflow = step.workflow as Step;
    const type = String(workflow.type);
    if (test.stubbed.has(type)) return { ...step, workflow: { ...workflow, taskQueue: test.stubQueue } };
    if (type === 'hexRun' || type === 'hexPipeline') return step;
    throw new TestPipelineError(
      `A step runs the workflow "${type}", which is not ours: stub it, workflows: { ${JSON.stringify(type)}: async (input) => ({ ... }) }`,
    );
  });
}

/** The connections that steps name. */
export function connectionsIn(input: JsonValue): string[] {
  const names = new Set<string>();
  mapSteps(input, (step) => {
    for (const { connection } of [step, isObject(step.waitFor) ? (step.waitFor as Step) : {}]) {
      if (typeof connection === 'string') names.add(connection);
    }
    return step;
  });
  return [...names];
}

/** All steps of an input in any of its forms, those of sub-pipelines included. What is no step is left to the parser. */
function mapSteps(input: JsonValue, change: (step: Step) => Step): JsonValue {
  if (Array.isArray(input)) return input.map((step) => mapStep(step, change));
  if (!isObject(input)) return input;
  const { steps, pipeline } = input as Step;
  return {
    ...(input as Step),
    ...(Array.isArray(steps) && { steps: mapSteps(steps, change) }),
    ...(pipeline !== undefined && { pipeline: mapSteps(pipeline, change) }),
  };
}

function mapStep(step: JsonValue, change: (step: Step) => Step): JsonValue {
  if (!isObject(step)) return step;
  const changed = change(step as Step);
  const { pipeline } = changed;
  return pipeline === undefined ? changed : { ...changed, pipeline: mapSteps(pipeline, change) };
}
