import { type Command, InvalidArgumentError } from 'commander';
import type { ExitCode } from './exit-codes.js';
import type { Session } from './session.js';

/** Runs the work of a command in a session; the exit code is remembered. */
export type Perform = (command: Command, work: (session: Session) => Promise<ExitCode>) => Promise<void>;

/** For options that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** For options that are a port; 0 is any free one. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('Give a number from 0 to 65535.');
  return port;
}

/** Examples under the help of a command. */
export function examples(...lines: string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n');
}
