import type { Client } from '@temporalio/client';
import { type Execution, eventsOf } from '../activities/history-events.js';
import { isObject, type JsonValue } from '../base/json.js';
import { leniently } from '../base/leniency.js';
import { markOf } from '../contract/memo.js';
import { decoderOf } from '../contract/payloads.js';
import { parsePipelineInput } from '../pipeline/boundary.js';
import type { PipelineSpec } from '../pipeline/definition/spec.js';
import type { DefinitionSource } from '../pipeline/execution/result.js';
import type { Book } from './book.js';
import { keepNewest } from './keep-newest.js';
import type { ScheduleBook } from './schedule-book.js';

const KEPT_MS = 5_000;
const MOST_KEPT = 500;
/** A definition that was looked up by its name stands among the first events. */
const FIRST_EVENTS = 30;

/** What is known of the definition of a pipeline. */
export interface KnownDefinition {
  spec: PipelineSpec;
  definition: JsonValue;
  /** Parameters that its schedule gives. */
  params: Record<string, JsonValue>;
  from: 'schedule' | 'run';
  /** The file that it came from. */
  file: string | null;
  sha256: string | null;
  /** The name under which a worker looks it up: then it is started by that. */
  load: string | null;
}

/** Finds the definitions of pipelines: what their schedules start, else what their newest runs were given. */
export class Definitions {
  readonly #client: Client;
  readonly #book: Book;
  readonly #schedules: ScheduleBook;
  readonly #known = new Map<string, { at: number; definition: Promise<KnownDefinition | null> }>();
  readonly #runs = new Map<string, Promise<KnownDefinition | null>>();

  constructor(client: Client, book: Book, schedules: ScheduleBook) {
    this.#client = client;
    this.#book = book;
    this.#schedules = schedules;
  }

  /** Null where nothing has it any more. */
  async of(pipeline: string): Promise<KnownDefinition | null> {
    const known = this.#known.get(pipeline);
    if (known && Date.now() - known.at < KEPT_MS) return known.definition;
    const definition = this.#find(pipeline);
    this.#known.set(pipeline, { at: Date.now(), definition });
    definition.catch(() => this.#known.delete(pipeline));
    return definition;
  }

  /** That of one execution, which never changes. */
  ofRun(execution: Execution): Promise<KnownDefinition | null> {
    const known = this.#runs.get(execution.executionId);
    if (known) return known;
    const definition = this.#read(execution);
    keepNewest(this.#runs, execution.executionId, definition, MOST_KEPT);
    const forget = () => this.#runs.delete(execution.executionId);
    // One that is looked up by its name may be there a moment later.
    definition.then((found) => found ?? forget(), forget);
    return definition;
  }

  async #find(pipeline: string): Promise<KnownDefinition | null> {
    // One that was made a moment ago is in no list yet.
    const described = await this.#schedules.describe(this.#schedules.of(pipeline) ?? pipeline);
    const scheduled = described ? definitionIn(described.action.args?.[0] as JsonValue) : null;
    if (scheduled && described) {
      const mark = markOf(described);
      return { ...scheduled, from: 'schedule', file: mark?.file ?? null, sha256: mark?.sha256 ?? null };
    }
    const [newest] = this.#book.runsOf(pipeline);
    if (!newest) return null;
    return this.ofRun({ workflowId: newest.workflowId, executionId: newest.runId });
  }

  async #read(execution: Execution): Promise<KnownDefinition | null> {
    const { workflow } = this.#client;
    const decode = decoderOf(workflow);
    let seen = 0;
    let load: string | null = null;
    let loading: string | null = null;
    for await (const event of eventsOf(workflow, execution, FIRST_EVENTS)) {
      const started = event.workflowExecutionStartedEventAttributes;
      if (started) {
        const [input] = await decode(started.input?.payloads);
        const given = definitionIn(input ?? null);
        if (given) return { ...given, from: 'run', file: null, sha256: null };
        const parsed = parsePipelineInput(input);
        if (!parsed.ok || parsed.value.load === null) return null;
        ({ load } = parsed.value);
      }
      const asked = event.activityTaskScheduledEventAttributes;
      if (asked?.activityType?.name === 'loadPipeline') loading = String(event.eventId);
      const done = event.activityTaskCompletedEventAttributes;
      if (done && String(done.scheduledEventId) === loading) {
        const [result] = await decode(done.result?.payloads);
        const { definition, source } = (result ?? {}) as {
          definition?: JsonValue;
          source?: DefinitionSource;
        };
        const loaded = definitionIn(named(definition ?? null, load));
        return (
          loaded && {
            ...loaded,
            from: 'run',
            file: source?.file ?? null,
            sha256: source?.sha256 ?? null,
            load,
          }
        );
      }
      if (++seen >= FIRST_EVENTS) return null;
    }
    return null;
  }
}

/** Null of an input that cannot be read, or names a definition only. */
function definitionIn(input: JsonValue): Omit<KnownDefinition, 'from' | 'file' | 'sha256'> | null {
  const today = parsePipelineInput(input);
  const parsed = today.ok ? today : leniently(() => parsePipelineInput(input));
  if (!parsed.ok || !parsed.value.spec) return null;
  const long = isObject(input) && input.steps === undefined && input.pipeline !== undefined;
  const definition = long ? (input.pipeline ?? null) : input;
  return { spec: parsed.value.spec, definition, params: parsed.value.params, load: null };
}

/** A definition that was looked up has the name by which that was done, where it says none. */
function named(definition: JsonValue, name: string | null): JsonValue {
  if (name === null) return definition;
  return Array.isArray(definition)
    ? { name, steps: definition }
    : isObject(definition)
      ? { name, ...definition }
      : definition;
}
