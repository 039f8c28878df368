import type { Command } from 'commander';
import type { ApplyOptions } from '../../client/schedules/index.js';
import type { HexPipelineInput } from '../../pipeline/definition/definition.js';
import { UsageError } from '../errors.js';
import { type Output, plain } from '../output.js';

export const FILES = 'pipeline files, or folders of them';

export interface ApplyCommandOptions {
  prune?: true;
  dryRun?: true;
}

/** Adds the files of an `apply`, and how they are applied. `what` is made of them. */
export function applyOptions(command: Command, what: 'schedules' | 'sensors'): Command {
  return command
    .argument('<files...>', FILES)
    .option(
      '--prune',
      `delete the ${what} that were made from files of these folders and that no file has any more`,
    )
    .option('--dry-run', 'say what would change, line by line, and change nothing');
}

/** The files, and how they are applied. */
export async function readApplied(
  paths: readonly string[],
  { prune, dryRun }: ApplyCommandOptions,
  what: 'schedules' | 'sensors',
): Promise<{ sources: { file: string; input: HexPipelineInput }[]; options: ApplyOptions }> {
  const { readScheduleFiles } = await import('./schedule-files.js');
  const { sources, folders } = await readScheduleFiles(paths);
  if (prune && folders.length === 0) {
    const message = `needs a folder: with single files, the ${what} of all others would be deleted`;
    throw new UsageError('The options', [{ path: '--prune', message }]);
  }
  return { sources, options: { ...(prune && { prune: folders }), ...(dryRun && { dryRun }) } };
}

/** What was applied, or would be. */
export interface AppliedRow {
  name: string;
  file: string;
  action: string;
  changes: readonly string[];
}

export function appliedText(rows: readonly AppliedRow[], { colors }: Output): string {
  const colour = (line: string) => (line.startsWith('-') ? colors.red(line) : colors.green(line));
  return rows
    .flatMap(({ name, file, action, changes }) => [
      `${action.padEnd(9)}  ${plain(name)}  ${colors.dim(plain(file))}`,
      ...changes.map((line) => `  ${colour(plain(line))}`),
    ])
    .join('\n');
}
