import { z } from 'zod';
import { durationSchema, runDurationSchema } from './durations.js';
import { readAs, SandboxError } from './errors.js';
import { type LedgerRun, runEntry } from './ledger.js';
import { finalStatuses, triggers } from './operation.js';
import { durationOf } from './settings.js';
import type { SandboxState } from './state.js';

const seedSchema = z.strictObject({
  projectId: z.string(),
  /** Who started it: a schedule by default. */
  trigger: z.enum(triggers).default('SCHEDULED'),
  /** How long ago it was created, by the sandbox clock; now by default. */
  ago: durationSchema.default(0),
  /** How long it lives; the project's duration by default. */
  duration: runDurationSchema.optional(),
  endAs: z.enum(finalStatuses).default('COMPLETED'),
  /** The user whose kernel it holds; nobody's by default. */
  user: z.string().nullable().default(null),
  inputParams: z.record(z.string(), z.unknown()).nullable().default(null),
});

/** A run that did not come through the API: started by a schedule, by publishing, or by somebody else. */
export type SeededRun = z.input<typeof seedSchema>;

/** Creates one or more runs as Hex itself would; answers their ledger entries. */
export function seedRuns(state: SandboxState, input: unknown): LedgerRun[] {
  const list: unknown[] = Array.isArray(input) ? input : [input];
  const read = list.map((entry) => readAs(seedSchema, entry, 'Run of the sandbox'));
  const now = state.clock.now();
  const runs = read.map(({ projectId, trigger, ago, duration, endAs, user, inputParams }) => {
    const project = state.projects.get(projectId, !state.settings.strict);
    if (project === null) throw new SandboxError(`Run of the sandbox: there is no project ${projectId}`);
    const parts = duration ?? durationOf(state.settings, projectId);
    const run = {
      projectId: project.id,
      projectVersion: project.version,
      trigger,
      token: null,
      user,
      requestId: null,
      body: null,
      inputParams,
    };
    return state.runs.create({ ...run, parts, endsAs: endAs, agoMs: ago }, now);
  });
  state.changed();
  return runs.map((run) => runEntry(run, now));
}

const endSchema = z.strictObject({ status: z.enum(finalStatuses).default('KILLED') });

/** Ends a living run at once, as somebody in Hex's own pages would. */
export function endRun(state: SandboxState, runId: string, input: unknown): LedgerRun {
  const { status } = readAs(endSchema, input, 'End of a run');
  const run = state.runs.find(runId);
  if (run === null) throw new SandboxError(`There is no run ${runId}`);
  const now = state.clock.now();
  state.runs.end(run, now, status);
  state.changed();
  return runEntry(run, now);
}
