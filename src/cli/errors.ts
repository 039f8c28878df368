import { formatProblems, type Problem } from '../base/problems.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** An error whose message is all that the user needs. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly code: ExitCode;
  constructor(message: string, code: ExitCode) {
    super(message);
    this.code = code;
  }
}

/** Something the user wrote cannot be used; nothing was started. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
  constructor(what: string, problems: readonly Problem[]) {
    super(`${what} cannot be used:\n${formatProblems(problems)}`, EXIT.badInput);
  }
}

/** Throws where there is a problem, naming all of them. */
export function refuse(what: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw new UsageError(what, problems);
}
