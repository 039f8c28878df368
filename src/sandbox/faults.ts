import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { runDurationSchema } from './durations.js';
import { readAs } from './errors.js';
import { finalStatuses, type Operation, operations } from './operation.js';
import { seededRandom } from './seeded-random.js';

const ms = z.number().nonnegative();
const status = z.number().int().min(200).max(599);

const matchSchema = z.strictObject({
  projectId: z.string().optional(),
  runId: z.string().optional(),
  method: z.enum(['GET', 'POST', 'DELETE']).optional(),
  operation: z.enum(operations).optional(),
  /** Each named input has this value in the start's body, or in the run that is read or cancelled. */
  inputParams: z.record(z.string(), z.unknown()).optional(),
});

/** The effects: exactly one names what a fault does. */
const effects = {
  /** Nothing is done; the answer is this status. `body` (object = JSON, text = plain) and `headers` may be given. */
  status: status.optional(),
  /** The action is done, the answer is this status all the same; `body` and `headers` as above. */
  statusAfter: status.optional(),
  /** The action is done at once, the answer comes so many real ms later. */
  lateMs: ms.optional(),
  /** Never answered: true = nothing is done, 'after' = the action is done first. */
  hang: z.union([z.literal(true), z.literal('after')]).optional(),
  /** The connection is destroyed before, or after, the action is done. */
  drop: z.enum(['before', 'after']).optional(),
  /** A start that arrives late: the connection is destroyed now, the run created so many real ms later. */
  createLateMs: ms.optional(),
  /** A start finds no kernel: 503, nothing created. */
  noKernel: z.literal(true).optional(),
  /**
   * The run shows this status for `forMs` (sandbox ms); on a read without `forMs` this answer only, on a start its
   * whole life.
   */
  unknownStatus: z.string().min(1).optional(),
  /** A cancel is answered 204 at once, the run goes on for so many sandbox ms. */
  slowCancelMs: ms.optional(),
  /** A cancel is done at once, its 204 comes so many real ms later. */
  cancelLateMs: ms.optional(),
  /** A cancel is answered 204 and does nothing; the next one works. */
  ignoreCancel: z.literal(true).optional(),
  /** On a start: how the run will end. On a read or cancel: the run has just ended so. */
  endAs: z.enum(finalStatuses).optional(),
  /** How long the started run lives; may stand beside `endAs`. */
  duration: runDurationSchema.optional(),
};

/** The effects that a fault can have. */
export type FaultKind = keyof typeof effects;
const kinds = Object.keys(effects) as FaultKind[];

/** What a fault without `operation` and `method` is meant for; the others hit any operation. */
const impliedOperation: Partial<Record<FaultKind, Operation>> = {
  createLateMs: 'runProject',
  noKernel: 'runProject',
  unknownStatus: 'runProject',
  endAs: 'runProject',
  duration: 'runProject',
  slowCancelMs: 'cancelRun',
  cancelLateMs: 'cancelRun',
  ignoreCancel: 'cancelRun',
};

const possibleOperations: Partial<Record<FaultKind, readonly Operation[]>> = {
  createLateMs: ['runProject'],
  noKernel: ['runProject'],
  duration: ['runProject'],
  unknownStatus: ['runProject', 'getRunStatus'],
  endAs: ['runProject', 'getRunStatus', 'cancelRun'],
  slowCancelMs: ['cancelRun'],
  cancelLateMs: ['cancelRun'],
  ignoreCancel: ['cancelRun'],
};

const faultSchema = z
  .strictObject({
    /** Which requests it hits; everything named must fit. */
    match: matchSchema.default({}),
    /** How often it hits: once by default, null = always. */
    times: z.number().int().positive().nullable().default(1),
    /** So many fitting requests pass before it begins. */
    skip: z.number().int().nonnegative().default(0),
    /** Chance that it hits a fitting request, by the seeded generator. */
    probability: z.number().min(0).max(1).default(1),
    ...effects,
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    forMs: ms.optional(),
  })
  .transform((fault, context) => {
    const named = kinds.filter((kind) => fault[kind] !== undefined);
    const pair = named.length === 2 && named.includes('endAs') && named.includes('duration');
    const kind = pair ? 'endAs' : named[0];
    if (kind === undefined || (named.length > 1 && !pair)) {
      const found = named.length === 0 ? 'none' : named.join(', ');
      context.addIssue({
        code: 'custom',
        message: `needs exactly one effect of ${kinds.join(', ')}; has ${found}`,
      });
      return z.NEVER;
    }
    const operation = fault.match.operation ?? (fault.match.method ? undefined : impliedOperation[kind]);
    const possible = possibleOperations[kind];
    if (possible && operation !== undefined && !possible.includes(operation)) {
      context.addIssue({
        code: 'custom',
        message: `${kind} cannot hit ${operation}, only ${possible.join(', ')}`,
      });
      return z.NEVER;
    }
    return { ...fault, kind, match: { ...fault.match, operation } };
  });

/** A scripted fault as users write it. */
export type Fault = z.input<typeof faultSchema>;
/** A fault as the sandbox applies it; `kind` names its effect. */
export type ScriptedFault = z.output<typeof faultSchema>;

/** The side of a request that faults match. */
export interface FaultTarget {
  operation: Operation;
  method: string;
  projectId: string | null;
  runId: string | null;
  inputParams: Record<string, unknown> | null;
}

function fits(fault: ScriptedFault, target: FaultTarget): boolean {
  const { match, kind } = fault;
  if (possibleOperations[kind]?.includes(target.operation) === false) return false;
  if (match.operation !== undefined && match.operation !== target.operation) return false;
  if (match.method !== undefined && match.method !== target.method) return false;
  if (match.projectId !== undefined && match.projectId !== target.projectId) return false;
  if (match.runId !== undefined && match.runId !== target.runId) return false;
  const inputs = target.inputParams ?? {};
  return Object.entries(match.inputParams ?? {}).every(([name, value]) =>
    isDeepStrictEqual(inputs[name], value),
  );
}

interface Scripted {
  fault: ScriptedFault;
  seen: number;
  hits: number;
}

/** The script: faults in the order they were given, each with its tally. */
export class FaultBook {
  #script: Scripted[] = [];
  #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  reseed(seed: number): void {
    this.#random = seededRandom(seed);
  }

  /** Adds one fault or a list; none is added when one of them is wrong. */
  add(faults: unknown): void {
    const list: unknown[] = Array.isArray(faults) ? faults : [faults];
    const read = list.map((fault, at) => readAs(faultSchema, fault, `Fault ${at + 1} of ${list.length}`));
    for (const fault of read) this.#script.push({ fault, seen: 0, hits: 0 });
  }

  clear(): void {
    this.#script = [];
  }

  /** The first fault that hits this request; it is counted, and gone when it has hit often enough. */
  pick(target: FaultTarget): ScriptedFault | null {
    for (const entry of this.#script) {
      if (!fits(entry.fault, target)) continue;
      entry.seen += 1;
      if (entry.seen <= entry.fault.skip) continue;
      if (entry.fault.probability < 1 && this.#random() >= entry.fault.probability) continue;
      entry.hits += 1;
      if (entry.hits === entry.fault.times) this.#script = this.#script.filter((other) => other !== entry);
      return entry.fault;
    }
    return null;
  }

  /** The faults still waiting, with how many requests they saw and hit. */
  waiting(): { fault: ScriptedFault; seen: number; hits: number }[] {
    return this.#script.map((entry) => ({ ...entry }));
  }
}
