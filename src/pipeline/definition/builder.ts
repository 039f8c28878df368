import type {
  ApprovalStep,
  HexStep,
  HttpStep,
  ParamDefinition,
  ParamType,
  PipelineDefinition,
  PipelineStep,
  StepBase,
  StepDefinition,
  WaitForStep,
  WorkflowStep,
} from './definition.js';

/**
 * What a step may say besides what it runs. Earlier steps are known by their ids, so a misspelt one does not compile.
 */
interface Around<Ids extends string> extends Omit<StepBase, 'id' | 'dependsOn'> {
  /** Earlier steps that this one waits for. */
  dependsOn?: Ids | Ids[];
}

/** What a kind of step has of its own. A switch may be a template as well. */
type Own<Step> = Omit<Step, keyof StepBase>;
type Options<Step, Ids extends string> = Around<Ids> & {
  [Key in keyof Own<Step>]: boolean extends Own<Step>[Key] ? Own<Step>[Key] | string : Own<Step>[Key];
};

/** Templates for what a step may refer to: `params.date` is `"{{ params.date }}"`. */
export interface References<Params extends string, Ids extends string> {
  params: Record<Params, string>;
  /** Results of earlier steps: `steps.extract.runId`. */
  steps: Record<Ids, Record<string, string>>;
  run: Record<
    'scheduledTime' | 'date' | 'timezone' | 'partition' | 'startTime' | 'workflowId' | 'pipeline',
    string
  > & { interval: Record<'start' | 'end', string> };
  /** The value of a fan-out, and its place. */
  item: string;
  index: string;
}

type Given<Step, Params extends string, Ids extends string> =
  | Options<Step, Ids>
  | ((references: References<Params, Ids>) => Options<Step, Ids>);

type Header = Omit<PipelineDefinition, 'name' | 'params' | 'steps' | '$schema'>;

/** Builds a definition step by step. Each call gives a new builder, so that a common beginning can be shared. */
export class PipelineBuilder<Params extends string = never, Ids extends string = never> {
  private readonly definition: PipelineDefinition;

  constructor(definition: PipelineDefinition) {
    this.definition = definition;
  }

  /** Declares a parameter. Without a default it is required. */
  param<Name extends string>(
    name: Name,
    type: ParamType | ParamDefinition,
  ): PipelineBuilder<Params | Name, Ids> {
    const declared = typeof type === 'string' ? { type } : type;
    return this.with({ params: { ...this.definition.params, [name]: declared } });
  }

  /** A step that runs a published Hex project. */
  hex<Id extends string>(id: Id, step: Given<HexStep, Params, Ids>): PipelineBuilder<Params, Ids | Id> {
    return this.step(id, step);
  }

  /** A step that runs another pipeline: a definition, or the name of one in the worker's folder. */
  pipeline<Id extends string>(
    id: Id,
    step: Given<PipelineStep, Params, Ids>,
  ): PipelineBuilder<Params, Ids | Id> {
    return this.step(id, step);
  }

  /** A step that runs any workflow of any worker. */
  workflow<Id extends string>(
    id: Id,
    step: Given<WorkflowStep, Params, Ids>,
  ): PipelineBuilder<Params, Ids | Id> {
    return this.step(id, step);
  }

  /** A step that waits for a person. */
  approval<Id extends string>(
    id: Id,
    step: Given<ApprovalStep, Params, Ids>,
  ): PipelineBuilder<Params, Ids | Id> {
    return this.step(id, step);
  }

  /** A step that sends an HTTP request, and looks at the answer. */
  http<Id extends string>(id: Id, step: Given<HttpStep, Params, Ids>): PipelineBuilder<Params, Ids | Id> {
    return this.step(id, step);
  }

  /** A step that waits for a run of a project by anybody, a partition of another pipeline, or a workflow. */
  waitFor<Id extends string>(
    id: Id,
    step: Given<WaitForStep, Params, Ids>,
  ): PipelineBuilder<Params, Ids | Id> {
    return this.step(id, step);
  }

  /** The definition: the same JSON that a pipeline file holds. */
  build(): PipelineDefinition {
    return structuredClone(this.definition);
  }

  private step<Id extends string>(
    id: Id,
    given: object | ((references: never) => object),
  ): PipelineBuilder<Params, Ids | Id> {
    const options =
      typeof given === 'function' ? (given as (references: unknown) => object)(REFERENCES) : given;
    return this.with({ steps: [...this.definition.steps, { id, ...options } as unknown as StepDefinition] });
  }

  private with<P extends string, I extends string>(more: Partial<PipelineDefinition>): PipelineBuilder<P, I> {
    return new PipelineBuilder<P, I>({ ...this.definition, ...more });
  }
}

/**
 * Begins a definition: `pipeline('etl').param('date', 'date').hex('extract', { projectId: '...' }).build()`.
 *
 * @example
 * const etl = pipeline('etl')
 *   .param('date', { type: 'date', default: '{{ run.date }}' })
 *   .hex('extract', ({ params }) => ({ projectId: 'extract-project-id', inputParams: { date: params.date } }))
 *   .hex('load', { projectId: 'load-project-id', dependsOn: ['extract'] })
 *   .build();
 */
export function pipeline(name: string, header: Header = {}): PipelineBuilder {
  return new PipelineBuilder({ name, ...header, steps: [] });
}

/** An object whose every property, however deep, is the template of its path. */
function templatesUnder(path: string): Record<string, never> {
  return new Proxy({} as Record<string, never>, {
    get: (_target, key) => {
      const place =
        typeof key === 'string' && /^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `["${String(key)}"]`;
      const nested = path === 'steps' || (path === 'run' && key === 'interval');
      return nested ? templatesUnder(`${path}${place}`) : `{{ ${path}${place} }}`;
    },
  });
}

const REFERENCES = {
  params: templatesUnder('params'),
  steps: templatesUnder('steps'),
  run: templatesUnder('run') as unknown as References<never, never>['run'],
  item: '{{ item }}',
  index: '{{ index }}',
};
