import { type Command, Option } from 'commander';
import type { StartOptions } from '../../client.js';
import type { IfExists } from '../../run/key.js';

/** The options of commands that start something: its key, and the ids of its workflow. */
export interface KeyOptions {
  key?: string;
  ifExists?: IfExists;
  workflowId?: string;
  idReusePolicy?: keyof typeof REUSE;
  idConflictPolicy?: keyof typeof CONFLICT;
}

/** The words of the `temporal` command. */
const REUSE = {
  AllowDuplicate: 'ALLOW_DUPLICATE',
  AllowDuplicateFailedOnly: 'ALLOW_DUPLICATE_FAILED_ONLY',
  RejectDuplicate: 'REJECT_DUPLICATE',
} as const;
const CONFLICT = { Fail: 'FAIL', UseExisting: 'USE_EXISTING' } as const;

/** Adds the options. `what` has the default id. */
export function addKeyOptions(command: Command, what: string): Command {
  return command
    .option('--key <text>', 'business key, such as "daily-etl/{{ run.date }}"; searchable as HexKey')
    .addOption(
      new Option(
        '--if-exists <choice>',
        'when one with the key runs or has succeeded (default: run)',
      ).choices(['run', 'skip', 'fail', 'join']),
    )
    .option('--workflow-id <id>', `id of the workflow (default: ${what} and a random one)`)
    .addOption(
      new Option('--id-reuse-policy <policy>', 'when a workflow of that id has closed').choices(
        Object.keys(REUSE),
      ),
    )
    .addOption(
      new Option('--id-conflict-policy <policy>', 'when a workflow of that id is running').choices(
        Object.keys(CONFLICT),
      ),
    );
}

/** The key as fields of an input. */
export function keyFields({ key, ifExists }: KeyOptions): { key?: string; ifExists?: IfExists } {
  return { ...(key !== undefined && { key }), ...(ifExists !== undefined && { ifExists }) };
}

/** What concerns the id of the workflow. */
export function idOptions({ workflowId, idReusePolicy, idConflictPolicy }: KeyOptions): StartOptions {
  return {
    workflowId,
    workflowIdReusePolicy: idReusePolicy && REUSE[idReusePolicy],
    workflowIdConflictPolicy: idConflictPolicy && CONFLICT[idConflictPolicy],
  };
}
