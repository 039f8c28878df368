import type { Project } from './projects.js';
import {
  type Answer,
  errorAnswer,
  type InvalidInput,
  invalidInputsAnswer,
  type ResponseContext,
  schemaErrorStatus,
} from './wire.js';

/** A start's body, read and found good. */
export interface RunRequest {
  inputParams: Record<string, unknown> | null;
  dryRun: boolean;
  notifications: unknown[];
}

const booleans = ['dryRun', 'updateCache', 'updatePublishedResults', 'useCachedSqlResults'] as const;
const known: readonly string[] = [...booleans, 'inputParams', 'viewId', 'notifications'];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A real boolean, or the words "true" and "false" that Hex's own examples send; null = neither. */
function readBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : null;
}

/** Problems of the body's shape, in words. */
function shapeProblems(body: Record<string, unknown>, context: ResponseContext): string[] {
  const problems: string[] = [];
  for (const name of booleans) {
    if (body[name] !== undefined && readBoolean(body[name]) === null)
      problems.push(`${name} must be a boolean`);
  }
  if (body.viewId !== undefined && typeof body.viewId !== 'string') problems.push('viewId must be a string');
  if (body.notifications !== undefined && !Array.isArray(body.notifications)) {
    problems.push('notifications must be an array');
  } else {
    for (const [at, entry] of ((body.notifications as unknown[] | undefined) ?? []).entries()) {
      problems.push(...notificationProblems(entry, `notifications[${at}]`));
    }
  }
  if (context.settings.unknownFields === 'reject') {
    for (const name of Object.keys(body)) {
      if (!known.includes(name)) problems.push(`unknown field ${name}`);
    }
  }
  return problems;
}

function notificationProblems(entry: unknown, where: string): string[] {
  if (!isObject(entry)) return [`${where} must be an object`];
  const problems: string[] = [];
  if (!['SUCCESS', 'FAILURE', 'ALL'].includes(String(entry.type))) {
    problems.push(`${where}.type must be SUCCESS, FAILURE or ALL`);
  }
  if (readBoolean(entry.includeSuccessScreenshot) === null) {
    problems.push(`${where}.includeSuccessScreenshot must be a boolean`);
  }
  return problems;
}

/** The recipients that the answer and the run echo: one for each id. */
function recipients(notifications: readonly unknown[]): unknown[] {
  return notifications.filter(isObject).flatMap((entry) => {
    const { type, subject, body, screenshotFormat } = entry;
    const includeSuccessScreenshot = readBoolean(entry.includeSuccessScreenshot);
    const texts = {
      ...(typeof subject === 'string' ? { subject } : {}),
      ...(typeof body === 'string' ? { body } : {}),
      ...(typeof screenshotFormat === 'string' ? { screenshotFormat: [screenshotFormat] } : {}),
    };
    const to = (ids: unknown, recipientType: string) =>
      (Array.isArray(ids) ? ids : []).map((id) => {
        const recipient = { id: String(id), name: String(id) };
        return { type, recipientType, includeSuccessScreenshot, recipient, ...texts };
      });
    return [
      ...to(entry.slackChannelIds, 'SLACK_CHANNEL'),
      ...to(entry.userIds, 'USER'),
      ...to(entry.groupIds, 'GROUP'),
    ];
  });
}

function isOfType(value: unknown, dataType: string): boolean {
  if (dataType === 'any') return true;
  if (dataType === 'date') return typeof value === 'string' && !Number.isNaN(Date.parse(value));
  return typeof value === dataType;
}

function inputsProblem(
  inputs: Record<string, unknown>,
  project: Project,
  context: ResponseContext,
): Answer | null {
  const declared = project.inputs;
  if (declared === null) return null;
  const invalid: InvalidInput[] = [];
  const notFound: string[] = [];
  for (const [paramName, value] of Object.entries(inputs)) {
    const input = Object.hasOwn(declared, paramName) ? declared[paramName] : undefined;
    if (input === undefined) {
      if (context.settings.unknownInputs === 'reject') notFound.push(paramName);
    } else if (!isOfType(value, input.dataType)) {
      invalid.push({ ...input, paramName, paramValue: JSON.stringify(value) });
    }
  }
  return invalid.length + notFound.length > 0 ? invalidInputsAnswer(context, invalid, notFound) : null;
}

/**
 * Reads the body of a start. `body` undefined = there was none. Answers 400 or 422 as Hex does: schema errors by
 * dialect; 422 for a view together with inputs, null inputs, and inputs that the project does not take.
 */
export function readRunRequest(
  body: unknown,
  project: Project,
  context: ResponseContext,
): RunRequest | Answer {
  const given = body ?? {};
  if (!isObject(given)) {
    return errorAnswer(context, schemaErrorStatus(context), 'The body must be a JSON object');
  }
  const problems = shapeProblems(given, context);
  if (problems.length > 0) {
    return errorAnswer(context, schemaErrorStatus(context), 'Invalid request body', problems);
  }
  const { settings } = context;
  if (given.inputParams === null && settings.nullInputs === 'reject') {
    return errorAnswer(context, 422, 'Validation Failed', ['inputParams must not be null: leave it out']);
  }
  const inputParams = given.inputParams ?? null;
  if (inputParams !== null && !isObject(inputParams)) {
    return errorAnswer(context, 422, 'Validation Failed', ['inputParams must be an object']);
  }
  if (inputParams !== null && given.viewId !== undefined) {
    return errorAnswer(context, 422, 'inputParams and viewId cannot be used together');
  }
  const publishes = readBoolean(given.updatePublishedResults) ?? readBoolean(given.updateCache) ?? false;
  const hasInputs = inputParams !== null && Object.keys(inputParams).length > 0;
  if (publishes && hasInputs && settings.inputsWithPublish === 'reject') {
    return errorAnswer(context, 422, 'Published results cannot be updated by a run with custom inputs');
  }
  const refused = inputParams === null ? null : inputsProblem(inputParams, project, context);
  if (refused !== null) return refused;
  return {
    inputParams,
    dryRun: readBoolean(given.dryRun) ?? false,
    notifications: recipients((given.notifications as unknown[] | undefined) ?? []),
  };
}
