import type { Problem } from '../base/problems.js';
import type { Refusal } from './contract.js';

type Code = Refusal['error']['code'];

const STATUS = {
  'sign-in': 401,
  forbidden: 403,
  'read-only': 403,
  'not-found': 404,
  'bad-input': 400,
  refused: 409,
  away: 503,
  failed: 500,
} as const satisfies Record<Code, number>;

/** What was asked for is not given; the answer says why. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  readonly code: Code;
  readonly problems: Problem[];
  readonly signIn: Refusal['error']['signIn'];

  constructor(
    code: Code,
    message: string,
    more: { problems?: readonly Problem[]; signIn?: Refusal['error']['signIn'] } = {},
  ) {
    super(message);
    this.code = code;
    this.problems = [...(more.problems ?? [])];
    this.signIn = more.signIn;
  }

  get status() {
    return STATUS[this.code];
  }

  get body(): Refusal {
    const { code, message, problems, signIn } = this;
    return { error: { code, message, problems, ...(signIn && { signIn }) } };
  }
}

export const notFound = (message: string) => new ConsoleError('not-found', message);

export const badInput = (path: string, message: string) =>
  new ConsoleError('bad-input', `${path}: ${message}`, { problems: [{ path, message }] });
