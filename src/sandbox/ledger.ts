import { iso } from './clock.js';
import type { Operation, RunStatus, Trigger } from './operation.js';
import { isAlive, type Run, startedAt, statusAt } from './runs.js';

/** One run, as it truly is. Times are ISO 8601 by the sandbox's clock. */
export interface LedgerRun {
  /** Id of the run. */
  runId: string;
  /** Its project. */
  projectId: string;
  /** The true status, also where a fault shows the client another one. */
  status: RunStatus;
  /** PENDING or RUNNING: it holds a kernel. */
  alive: boolean;
  /** What started it. */
  trigger: Trigger;
  /** The published version at its start. */
  projectVersion: number;
  /** The inputs of the start; null for none. */
  inputParams: Record<string, unknown> | null;
  /** The whole body of the start as it came. */
  body: unknown;
  /** Fingerprint of the token that started it. */
  token: string | null;
  /** The user behind that token. */
  user: string | null;
  /** `id` of the request that started it. */
  requestId: number | null;
  /** Kind of the fault that shaped it. */
  fault: string | null;
  /** When it was created. */
  createdAt: string;
  /** When it began to run; null while it is pending. */
  startedAt: string | null;
  /** When it ended; null while it is alive. */
  endedAt: string | null;
  /** When the first cancel came while it was alive; null for none. */
  cancelRequestedAt: string | null;
  /** How many cancels came while it was alive. */
  cancelRequests: number;
}

/** One request to the API. */
export interface LedgerRequest {
  /** 1 for the first request, and so on. */
  id: number;
  /** HTTP method, such as `POST`. */
  method: string;
  /** With the query. */
  path: string;
  /** null for an address that is no operation of the API. */
  operation: Operation | null;
  /** The project in the path; null where there is none. */
  projectId: string | null;
  /** For a start: the run it created. */
  runId: string | null;
  /** When it came. */
  at: string;
  /** When the answer went out; null = not answered (yet). */
  answeredAt: string | null;
  /** Status of the answer; null = no answer (hanging, dropped, or the client left first). */
  status: number | null;
  /** The trace id of the answer. */
  traceId: string;
  /** Fingerprint of its token. */
  token: string | null;
  /** The user behind that token. */
  user: string | null;
  /** The header `user-agent`; null where there was none. */
  userAgent: string | null;
  /** Body of a start. */
  body: unknown;
  /** Kind of the scripted fault that hit it. */
  fault: string | null;
  /** The limit that refused it (429, or 503 for kernels). */
  limit: string | null;
  /** The client closed the connection before it was answered. */
  clientLeft: boolean;
}

/** Totals since the start or the last reset; keys are statuses, operations, names of limits and kinds of faults. */
export interface LedgerCounters {
  /** Requests to the API. */
  requests: number;
  /** Requests without an answer. */
  unanswered: number;
  /** Answers by HTTP status. */
  statuses: Record<string, number>;
  /** Requests by operation, such as `runProject`. */
  operations: Record<string, number>;
  /** Refusals by the limit that refused. */
  limits: Record<string, number>;
  /** Scripted faults that hit a request, by their kind. */
  faults: Record<string, number>;
}

/** The ground truth: what really happened, whatever the clients were told. */
export interface Ledger {
  /** The time of the sandbox's clock. */
  now: string;
  /** All runs, oldest first. */
  runs: LedgerRun[];
  /** All requests, oldest first. */
  requests: LedgerRequest[];
  /** Totals. */
  counters: LedgerCounters;
}

/** A run as the ledger shows it, at a time of the sandbox's clock. */
export function runEntry(run: Run, now: number): LedgerRun {
  const started = startedAt(run, now);
  const alive = isAlive(run, now);
  const [firstCancel] = run.cancels;
  return {
    runId: run.runId,
    projectId: run.projectId,
    status: statusAt(run, now),
    alive,
    trigger: run.trigger,
    projectVersion: run.projectVersion,
    inputParams: run.inputParams,
    body: run.body,
    token: run.token,
    user: run.user,
    requestId: run.requestId,
    fault: run.fault,
    createdAt: iso(run.createdAt),
    startedAt: started === null ? null : iso(started),
    endedAt: alive ? null : iso(run.endsAt),
    cancelRequestedAt: firstCancel === undefined ? null : iso(firstCancel),
    cancelRequests: run.cancels.length,
  };
}

function countUp(counts: Record<string, number>, key: string | number): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Writes down every request; the entries of runs are made from the runs. */
export class RequestLog {
  readonly counters: LedgerCounters = {
    requests: 0,
    unanswered: 0,
    statuses: {},
    operations: {},
    limits: {},
    faults: {},
  };
  #requests: LedgerRequest[] = [];

  open(entry: Omit<LedgerRequest, 'id'>, keep: number): LedgerRequest {
    this.counters.requests += 1;
    const numbered = { id: this.counters.requests, ...entry };
    this.#requests.push(numbered);
    // Trimmed a tenth at a time, so that trimming costs nothing on the whole.
    if (this.#requests.length > keep * 1.1) this.#requests = this.#requests.slice(-keep);
    if (entry.operation !== null) countUp(this.counters.operations, entry.operation);
    return numbered;
  }

  answered(entry: LedgerRequest, status: number, now: number): void {
    entry.status = status;
    entry.answeredAt = iso(now);
    countUp(this.counters.statuses, status);
  }

  unanswered(entry: LedgerRequest, clientLeft: boolean): void {
    entry.clientLeft = clientLeft;
    this.counters.unanswered += 1;
  }

  hit(entry: LedgerRequest, fault: string): void {
    entry.fault = fault;
    countUp(this.counters.faults, fault);
  }

  refused(entry: LedgerRequest, limit: string): void {
    entry.limit = limit;
    countUp(this.counters.limits, limit);
  }

  /** Copies, so that what a caller holds does not change under its feet. */
  snapshot(): { requests: LedgerRequest[]; counters: LedgerCounters } {
    return {
      requests: this.#requests.map((entry) => (entry.answeredAt === null ? { ...entry } : entry)),
      counters: structuredClone(this.counters),
    };
  }
}

/** The ledger in a few lines, for a message: totals, the last runs and the last requests. */
export function describeLedger(ledger: Ledger, last = 10): string {
  const runs = ledger.runs.slice(-last).map((run) => {
    const cancelled = run.cancelRequestedAt === null ? '' : `, cancel asked at ${run.cancelRequestedAt}`;
    return `  ${run.projectId} ${run.runId} ${run.status}${cancelled}`;
  });
  const requests = ledger.requests.slice(-last).map((request) => {
    const fault = request.fault === null ? '' : ` (fault: ${request.fault})`;
    return `  ${request.at} ${request.method} ${request.path} -> ${request.status ?? 'no answer'}${fault}`;
  });
  return [
    `${ledger.runs.length} runs, the last of them:`,
    ...runs,
    `${ledger.counters.requests} requests, the last of them:`,
    ...requests,
  ].join('\n');
}
