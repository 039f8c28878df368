import type { z } from 'zod';
import type { Call } from './call.js';
import { HexUnexpectedAnswerError } from './errors/index.js';
import { oneLine, readErrorBody } from './errors/words.js';
import type { HexAnswer } from './request.js';

/**
 * What a success says.
 *
 * @throws HexUnexpectedAnswerError where it is no JSON, or lacks what nobody can do without
 */
export function decode<T>(schema: z.ZodType<T>, call: Call, answer: HexAnswer): T {
  const problem = (words: string) =>
    new HexUnexpectedAnswerError({
      message: `The answer ${answer.status} of ${call.who} to ${call.name} cannot be read: ${words}`,
      status: answer.status,
      detail: readErrorBody(answer.body, answer.token).detail,
      traceId: answer.traceId,
      hint: call.hints.unexpectedAnswer,
      requestSent: 'answered',
      outcome: call.changesHex ? 'unknown' : 'not-done',
    });
  let json: unknown;
  try {
    json = JSON.parse(answer.body);
  } catch {
    throw problem(answer.body === '' ? 'it is empty' : 'it is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const words = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw problem(oneLine(words.join('; '), answer.token));
}
