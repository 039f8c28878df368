import { iso } from './clock.js';
import type { Operation, RunStatus } from './operation.js';
import { isAlive, type Run, startedAt, statusAt } from './runs.js';
import type { SandboxSettings } from './settings.js';

/** An answer before it is put on the wire: JSON, or plain text, or (204) nothing. */
export interface Answer {
  status: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
}

/** What the bodies of one answer have in common. */
export interface ResponseContext {
  operation: Operation | null;
  settings: SandboxSettings;
  /** A new one for each request. */
  traceId: string;
  /** Origin for addresses in bodies. */
  origin: string;
}

const codes: Record<number, string> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
};

/** Whether the operation answers errors in Hex's newer shape: some moved before July 2026, the run endpoints after it. */
function isNewStyle({ operation, settings }: ResponseContext): boolean {
  if (operation === 'cancelRun' || operation === 'listProjects') return false;
  if (operation === 'getProject' || operation === 'whoAmI' || operation === null) return true;
  return settings.dialect === '2026-10';
}

/** An error in the dialect of the operation: {code, message, issues?} or {reason, details?, traceId}. */
export function errorAnswer(
  context: ResponseContext,
  status: number,
  message: string,
  issues: string[] = [],
): Answer {
  if (status === 401) return unauthorized(true);
  if (!isNewStyle(context)) {
    const details = issues.length > 0 ? { details: issues.join('; ') } : {};
    return { status, json: { reason: message, ...details, traceId: context.traceId } };
  }
  const code = codes[status] ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR');
  const listed = issues.length > 0 ? { issues: issues.map((issue) => ({ message: issue })) } : {};
  return { status, json: { code, message, ...listed } };
}

/** Plain text, on every path, as probed on the live service. */
export function unauthorized(tokenSent: boolean): Answer {
  const challenge = tokenSent ? 'Bearer error="invalid_token"' : 'Bearer';
  return { status: 401, text: 'Unauthorized', headers: { 'WWW-Authenticate': challenge } };
}

/** An input that the project does not take. */
export interface InvalidInput {
  dataType: string;
  inputCellType: string;
  paramValue: string;
  paramName: string;
}

/** 422 of a start with wrong inputs; the older dialect has a body of its own for it. */
export function invalidInputsAnswer(
  context: ResponseContext,
  invalid: InvalidInput[],
  notFound: string[],
): Answer {
  if (!isNewStyle(context)) return { status: 422, json: { traceId: context.traceId, invalid, notFound } };
  return errorAnswer(context, 422, 'Invalid input parameters', [
    ...invalid.map((input) => `${input.paramName}: expected ${input.dataType}, got ${input.paramValue}`),
    ...notFound.map((name) => `${name}: no such input in the published app`),
  ]);
}

/** Status of a body that breaks its schema: 400 on the new framework, 422 on the older one. */
export function schemaErrorStatus(context: ResponseContext): 400 | 422 {
  return isNewStyle(context) ? 400 : 422;
}

/** Where a run can be looked at. Hex's form is opaque but for its last part, the run id; the sandbox serves this one. */
export function runUrl(context: ResponseContext, projectId: string, runId: string): string {
  return `${context.origin}/sandbox/app/${projectId}/${runId}`;
}

/** 201 of a start. `projectVersion` is an integer in both dialects. */
export function startedBody(
  context: ResponseContext,
  run: Pick<Run, 'projectId' | 'runId' | 'projectVersion' | 'notifications'>,
): Record<string, unknown> {
  const { projectId, runId } = run;
  return {
    projectId,
    runId,
    runUrl: runUrl(context, projectId, runId),
    runStatusUrl: `${context.origin}/api/v1/projects/${projectId}/runs/${runId}`,
    traceId: context.traceId,
    projectVersion: run.projectVersion,
    ...(run.notifications.length > 0 ? { notifications: run.notifications } : {}),
  };
}

/** What older scripts print beside the status; the real API has no such field. */
const statusMessages: Record<RunStatus, string> = {
  PENDING: 'Waiting for a kernel',
  RUNNING: 'Run in progress',
  COMPLETED: 'Run completed successfully',
  ERRORED: 'A cell failed; open the run for details',
  KILLED: 'Run was cancelled',
  UNABLE_TO_ALLOCATE_KERNEL: 'No kernel could be allocated',
};

/** A run as GetRunStatus and GetProjectRuns tell it. */
export function runBody(context: ResponseContext, run: Run, now: number): Record<string, unknown> {
  const { settings } = context;
  const status = statusAt(run, now);
  const started = startedAt(run, now);
  const ended = isAlive(run, now) ? null : run.endsAt;
  const since = started ?? (settings.legacy ? run.createdAt : null);
  const until = ended ?? (settings.legacy ? now : null);
  const elapsed = since === null || until === null ? null : Math.max(0, until - since);
  const shown = run.shown !== null && now < run.shown.until ? run.shown.status : status;
  return {
    projectId: run.projectId,
    projectVersion: settings.dialect === '2026-10' ? String(run.projectVersion) : run.projectVersion,
    runId: run.runId,
    runUrl: runUrl(context, run.projectId, run.runId),
    status: shown,
    runTrigger: run.trigger,
    startTime: since === null ? null : iso(since),
    endTime: ended === null ? null : iso(ended),
    elapsedTime: elapsed === null ? null : settings.fractionalElapsed ? elapsed + 0.25 : Math.round(elapsed),
    traceId: context.traceId,
    ...(run.notifications.length > 0 ? { notifications: run.notifications } : {}),
    ...(settings.legacy ? { statusMessage: statusMessages[status] } : {}),
  };
}
