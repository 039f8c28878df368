import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.js';
import type { Session } from './session.js';

/** Runs the work of a command in a session; the exit code is remembered. */
export type Perform = (command: Command, work: (session: Session) => Promise<ExitCode>) => Promise<void>;

/** For options that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Examples under the help of a command. */
export function examples(...lines: string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n');
}
