import type { SandboxCall } from './call.js';
import { listProjectRuns, listProjects } from './lists.js';
import type { Operation } from './operation.js';
import { type Project, projectBody } from './projects.js';
import { readRunRequest } from './run-request.js';
import { isAlive, type Run } from './runs.js';
import { durationOf } from './settings.js';
import { type Answer, errorAnswer, runBody, startedBody } from './wire.js';

/** Ids are one safe path segment; Hex answers anything else as malformed. */
const safeId = /^[A-Za-z0-9_-]{1,128}$/;

/** The answer of each operation. An action changes the state at once; when the answer goes out is not its business. */
export const actions: Record<Operation, (call: SandboxCall) => Answer> = {
  runProject,
  getRunStatus,
  cancelRun,
  listProjects,
  whoAmI,
  getProject: (call) =>
    withProject(call, (project) => ({
      status: 200,
      json: describeProject(call, project),
    })),
  listProjectRuns: (call) => withProject(call, (project) => listProjectRuns(call, project)),
};

function describeProject({ state, context, query }: SandboxCall, project: Project): Record<string, unknown> {
  const body = projectBody(project, state.clock.now(), query.get('includeSharing') === 'true');
  return context.settings.legacy ? { ...body, name: project.title, projectId: project.id } : body;
}

function withProject(call: SandboxCall, answer: (project: Project) => Answer): Answer {
  const { projectId, state, context } = call;
  if (!safeId.test(projectId)) return errorAnswer(context, 400, 'Malformed project id');
  const project = state.projects.get(projectId, !state.settings.strict);
  return project === null ? errorAnswer(context, 404, `Project ${projectId} not found`) : answer(project);
}

function withRun(call: SandboxCall, answer: (run: Run) => Answer): Answer {
  const { projectId, runId, context, state } = call;
  if (!safeId.test(projectId) || !safeId.test(runId)) return errorAnswer(context, 400, 'Malformed id');
  const run = state.runs.get(projectId, runId);
  return run === null
    ? errorAnswer(context, 404, `Run ${runId} of project ${projectId} not found`)
    : answer(run);
}

function runProject(call: SandboxCall): Answer {
  const { context, fault } = call;
  return withProject(call, (project) => {
    if (call.unreadable) return errorAnswer(context, 400, 'The body is not JSON');
    const request = readRunRequest(call.body, project, context);
    if ('status' in request) return request;
    if (!project.published) {
      return errorAnswer(context, context.settings.unpublishedStatus, 'The project is not published');
    }
    if (request.dryRun) {
      const projectVersion = project.version;
      const dummy = '00000000-0000-4000-8000-000000000000';
      const run = { projectId: project.id, runId: dummy, projectVersion, notifications: [] };
      return { status: 201, json: startedBody(context, run) };
    }
    const full = fault?.kind === 'noKernel' ? 'noKernel' : fullKernels(call);
    if (full !== null) {
      if (full !== 'noKernel') call.state.log.refused(call.entry, full);
      return errorAnswer(context, 503, 'No kernel is available: this user already has the maximum running');
    }
    const run = createRun(call, project, request.inputParams, request.notifications);
    return { status: 201, json: startedBody(context, run) };
  });
}

function fullKernels({ state, caller }: SandboxCall): 'kernels' | 'workspaceKernels' | null {
  const { kernels = null, workspaceKernels = null } = state.settings.limits;
  if (kernels === null && workspaceKernels === null) return null;
  const live = state.runs.live(state.clock.now());
  const own = live.filter((run) => run.user === caller.user).length;
  if (kernels !== null && own >= kernels) return 'kernels';
  return workspaceKernels !== null && live.length >= workspaceKernels ? 'workspaceKernels' : null;
}

function createRun(
  { state, fault, caller, entry, body }: SandboxCall,
  project: Project,
  inputParams: Record<string, unknown> | null,
  notifications: unknown[],
): Run {
  const { settings } = state;
  const scripted = fault?.duration ?? durationOf(settings, project.id);
  const tooLong = scripted.pendingMs + scripted.runningMs > settings.maxRun;
  const pendingMs = Math.min(scripted.pendingMs, settings.maxRun);
  const now = state.clock.now();
  const run = state.runs.create(
    {
      projectId: project.id,
      projectVersion: project.version,
      trigger: 'API',
      token: caller.token,
      user: caller.user,
      requestId: entry.id,
      body: body ?? null,
      inputParams,
      notifications,
      parts: tooLong ? { pendingMs, runningMs: settings.maxRun - pendingMs } : scripted,
      endsAs: tooLong ? settings.maxRunStatus : (fault?.endAs ?? 'COMPLETED'),
      fault: fault?.kind ?? null,
    },
    now,
  );
  if (fault?.kind === 'unknownStatus' && fault.unknownStatus !== undefined) {
    run.shown = {
      status: fault.unknownStatus,
      until: fault.forMs === undefined ? run.endsAt : now + fault.forMs,
    };
  }
  entry.runId = run.runId;
  return run;
}

function getRunStatus(call: SandboxCall): Answer {
  const { state, context, fault } = call;
  return withRun(call, (run) => {
    const now = state.clock.now();
    if (fault?.kind === 'endAs' && fault.endAs !== undefined) state.runs.end(run, now, fault.endAs);
    const body = runBody(context, run, now);
    if (fault?.kind === 'unknownStatus' && fault.unknownStatus !== undefined) {
      if (fault.forMs !== undefined) run.shown = { status: fault.unknownStatus, until: now + fault.forMs };
      body.status = fault.unknownStatus;
    }
    return { status: 200, json: body };
  });
}

function cancelRun(call: SandboxCall): Answer {
  const { state, context, fault } = call;
  return withRun(call, (run) => {
    const now = state.clock.now();
    if (fault?.kind === 'endAs' && fault.endAs !== undefined) state.runs.end(run, now, fault.endAs);
    if (!isAlive(run, now)) {
      const { cancelFinished } = context.settings;
      if (cancelFinished === 204) return { status: 204 };
      return errorAnswer(context, cancelFinished, 'The run is already over');
    }
    const afterMs = fault?.slowCancelMs ?? context.settings.cancelDelay;
    state.runs.cancel(run, now, afterMs, fault?.kind === 'ignoreCancel');
    return { status: 204 };
  });
}

/** A personal token tells its user; a workspace token only the organisation and itself. */
function whoAmI({ caller, context }: SandboxCall): Answer {
  const about = {
    org: { id: '0f0c6a1e-5d0f-4c6c-9b55-1f6f5a1f9d10' },
    token: { exp: context.settings.tokenExpiresAt },
  };
  if (caller.kind === 'workspace') return { status: 200, json: about };
  const slug = caller.user.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
  const person = {
    id: slug,
    name: caller.user,
    email: `${slug}@example.com`,
    role: 'EDITOR',
    lastLoginDate: null,
  };
  return { status: 200, json: { ...person, ...about } };
}
