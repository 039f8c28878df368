import type { Command } from 'commander';
import type { Perform } from './command.js';

/** Adds a command, or several, to the program. */
type Add = (program: Command, perform: Perform) => void;

/** What loads each command, by its name and in the order of the help. Decisions are many commands, and have no name here. */
const COMMANDS: readonly (readonly [name: string | null, load: () => Promise<Add>])[] = [
  ['demo', async () => (await import('./commands/demo.js')).addDemo],
  ['dev', async () => (await import('./commands/dev.js')).addDev],
  ['run', async () => (await import('./commands/run.js')).addRun],
  ['pipeline', async () => (await import('./commands/pipeline.js')).addPipeline],
  ['plan', async () => (await import('./commands/plan.js')).addPlan],
  ['watch', async () => (await import('./commands/watch.js')).addWatch],
  ['progress', async () => (await import('./commands/progress.js')).addProgress],
  ['list', async () => (await import('./commands/list.js')).addList],
  ['stats', async () => (await import('./commands/stats.js')).addStats],
  ['cancel', async () => (await import('./commands/cancel.js')).addCancel],
  ['rerun', async () => (await import('./commands/rerun.js')).addRerun],
  ['schedule', async () => (await import('./commands/schedule.js')).addSchedule],
  ['backfill', async () => (await import('./commands/backfill.js')).addBackfill],
  ['partitions', async () => (await import('./commands/partitions.js')).addPartitions],
  ['sensor', async () => (await import('./commands/sensor.js')).addSensor],
  ['projects', async () => (await import('./commands/projects.js')).addProjects],
  ['console', async () => (await import('./commands/console.js')).addConsole],
  ['doctor', async () => (await import('./commands/doctor.js')).addDoctor],
  ['worker', async () => (await import('./commands/worker.js')).addWorker],
  ['sandbox', async () => (await import('./commands/sandbox.js')).addSandbox],
  ['codec-server', async () => (await import('./commands/codec-server.js')).addCodecServer],
  ['temporal', async () => (await import('./commands/temporal.js')).addTemporal],
  [null, async () => (await import('./commands/controls.js')).addControls],
  ['move', async () => (await import('./commands/move.js')).addMove],
];

/**
 * Adds the command that the arguments name: what the others need takes most of the time in which a command starts. Adds all of them for the
 * help, for a decision, and for a name that there is not.
 *
 * @param program with its own options
 */
export async function addCommands(
  program: Command,
  args: readonly string[],
  perform: Perform,
): Promise<void> {
  const named = nameIn(program, args);
  const found = COMMANDS.filter(([name]) => name !== null && name === named);
  const wanted = found.length > 0 ? found : COMMANDS;
  for (const add of await Promise.all(wanted.map(([, load]) => load()))) add(program, perform);
}

/** The first argument that is neither an option of the program nor the value of one. */
function nameIn({ options }: Command, args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) return arg;
    if (options.some((option) => option.required && [option.short, option.long].includes(arg))) at++;
  }
  return undefined;
}
