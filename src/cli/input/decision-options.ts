import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { UsageError } from '../errors.js';

export interface DecisionOptions {
  by?: string;
  reason?: string;
}

/** Adds `--by`: who decides. */
export function byOption(command: Command): Command {
  return command.option('--by <name>', 'who decides (default: you, as the operating system calls you)');
}

/** Adds `--by` and `--reason`: who decides, and why. `kept` says where that is kept, such as `with the pipeline`. */
export function decisionOptions(command: Command, kept: string, { required = false } = {}): Command {
  const why = `why; kept ${kept}`;
  return byOption(
    required ? command.requiredOption('--reason <text>', why) : command.option('--reason <text>', why),
  );
}

/** Who decides where nobody is named. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    const message = 'is required: the operating system knows no name of this user';
    throw new UsageError('The options', [{ path: '--by', message }]);
  }
}
