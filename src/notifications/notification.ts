import type { NotifyEvent } from '../run/notify.js';

/** An alert to the operators of the workers (`HEX_NOTIFY_ALERTS`), whatever a definition asks for. */
export type AlertEvent = 'cleanup_failed' | 'strays' | 'unreachable' | 'reachable' | 'sensor_failing';

/** What a notification is for: what a definition asks for, or an alert. */
export type NotificationEvent = NotifyEvent | AlertEvent;

/** What a notification is about; the first that is there names it: a step, a pipeline, a run, a schedule, a connection. */
export interface NotificationSubject {
  pipeline?: string;
  /** Of the pipeline, as its definition says. */
  description?: string | null;
  owner?: string | null;
  tags?: string[];
  step?: string;
  projectId?: string;
  connection?: string;
  schedule?: string;
  /** The same for a message of missed starts and its all clear. */
  gap?: string;
  /** Id of a run in Hex. */
  hexRunId?: string | null;
  /** Page of that run. */
  hexUrl?: string | null;
}

/** What a workflow wants a webhook to know. */
export interface NotificationRequest extends NotificationSubject {
  /** Name of the webhook in the worker's environment. */
  to: string;
  event: NotificationEvent;
  text: string;
}

/** How bad it is, from `info` to `critical`. */
export type Severity = 'info' | 'warning' | 'error' | 'critical';

/** A notification with all that a receiver may want to know; what the format `json` sends. */
export interface Notification {
  /** The same for every attempt to deliver it. */
  id: string;
  event: NotificationEvent;
  severity: Severity;
  /** What it is about, such as `Pipeline "etl"`. */
  title: string;
  text: string;
  pipeline: string | null;
  /** Of the pipeline, as its definition says. */
  description: string | null;
  owner: string | null;
  tags: string[];
  step: string | null;
  projectId: string | null;
  connection: string | null;
  /** Id of the schedule whose starts it is about. */
  schedule: string | null;
  /** The same for a message of missed starts and its all clear. */
  gap: string | null;
  /** Id of the run in Hex. */
  hexRunId: string | null;
  /** Pages of the run in Hex and of the workflow in Temporal's Web UI (`TEMPORAL_UI_URL`). */
  links: { hex: string | null; temporal: string | null };
  namespace: string;
  /** The workflow that sends it, and its run. */
  workflowId: string | null;
  runId: string | null;
  /** ISO 8601. */
  at: string;
}

/** Where a notification comes from, and when. */
export type Origin = Pick<Notification, 'id' | 'namespace' | 'workflowId' | 'runId' | 'at'> & {
  /** Address of Temporal's Web UI; null where it is not known. */
  temporalUiUrl: string | null;
};

const SEVERITY: Record<NotificationEvent, Severity> = {
  success: 'info',
  failure: 'error',
  cancelled: 'warning',
  deadline: 'warning',
  at_risk: 'warning',
  missed: 'error',
  late: 'warning',
  filled: 'info',
  stale: 'warning',
  fresh: 'info',
  waiting: 'info',
  cleanup_failed: 'critical',
  strays: 'warning',
  unreachable: 'critical',
  reachable: 'info',
  sensor_failing: 'error',
};

/** Completes what a workflow asked for. */
export function notificationOf(
  request: NotificationRequest,
  { temporalUiUrl, ...origin }: Origin,
): Notification {
  const { event, text, pipeline, step, projectId, connection, schedule, gap, hexRunId, hexUrl } = request;
  const { description = null, owner = null, tags = [] } = request;
  const { id, namespace, workflowId, runId, at } = origin;
  return {
    id,
    event,
    severity: SEVERITY[event],
    title: titleOf(request),
    text,
    pipeline: pipeline ?? null,
    description,
    owner,
    tags,
    step: step ?? null,
    projectId: projectId ?? null,
    connection: connection ?? null,
    schedule: schedule ?? null,
    gap: gap ?? null,
    hexRunId: hexRunId ?? null,
    links: { hex: webAddress(hexUrl), temporal: temporalLink(temporalUiUrl, origin) },
    namespace,
    workflowId,
    runId,
    at,
  };
}

function titleOf({ pipeline, step, projectId, connection, schedule }: NotificationSubject): string {
  if (step !== undefined) return `Step "${step}" of pipeline "${pipeline ?? ''}"`;
  if (pipeline !== undefined) return `Pipeline "${pipeline}"`;
  if (projectId !== undefined) return `Run of project "${projectId}"`;
  if (schedule !== undefined) return `Schedule "${schedule}"`;
  return `Hex connection "${connection ?? 'default'}"`;
}

/** The page of a workflow in Temporal's Web UI. */
function temporalLink(
  base: string | null,
  { namespace, workflowId, runId }: Pick<Notification, 'namespace' | 'workflowId' | 'runId'>,
): string | null {
  if (base === null || workflowId === null) return null;
  const path = [
    'namespaces',
    namespace,
    'workflows',
    workflowId,
    ...(runId === null ? [] : [runId, 'history']),
  ];
  return `${base}/${path.map(encodeURIComponent).join('/')}`;
}

/** The address where it is one of the web: what Hex answers becomes a link that people click. */
function webAddress(url: string | null | undefined): string | null {
  if (!url || !URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}
