import type { Command } from 'commander';
import type { Blame, Check, Diagnosis } from '../../doctor/index.js';
import { examples, type Perform } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Output, plain } from '../output.js';
import { taskQueueOf } from '../session.js';

const CODES: Record<Blame, ExitCode> = {
  settings: EXIT.badInput,
  temporal: EXIT.noTemporal,
  hex: EXIT.noHex,
  work: EXIT.failed,
};

const MARKS: Record<Check['state'], string> = { ok: '✓', warn: '!', failed: '✗', skipped: '–' };

export function addDoctor(program: Command, perform: Perform): void {
  program
    .command('doctor')
    .summary('say what is wrong with the set-up, and how to mend it')
    .description(
      'Checks Temporal, the worker, Hex, schedules and what waits, within 5 s. Needs no worker, and changes nothing. Run it where the worker runs: it reads the same variables. What it prints belongs in a bug report and holds no secret. The exit code is that of the first check that failed: 2 settings, 3 Temporal, 6 Hex, 1 anything else; 0 also with warnings.',
    )
    .addHelpText('after', examples('temporal-hex doctor', 'temporal-hex doctor --json'))
    .action((_options: unknown, command: Command) =>
      perform(command, async (session) => {
        const { env, globals, output } = session;
        const { examine } = await import('../../doctor/index.js');
        const { address, namespace } = globals;
        const diagnosis = await examine({ env, address, namespace, taskQueue: taskQueueOf(session) });
        output.data(diagnosis, () => linesOf(diagnosis, output).join('\n'));
        return diagnosis.blame === null ? EXIT.ok : CODES[diagnosis.blame];
      }),
    );
}

function linesOf({ checks }: Diagnosis, { colors }: Output): string[] {
  const colour = { ok: colors.green, warn: colors.yellow, failed: colors.red, skipped: colors.dim };
  const lines = checks.flatMap(({ id, state, text, remedy }) => [
    `${colour[state](`${MARKS[state]} ${id}`)}  ${plain(text)}`,
    ...(remedy === null ? [] : [`    ${plain(remedy)}`]),
  ]);
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  return [
    ...lines,
    '',
    `${count('ok')} ok, ${count('warn')} warnings, ${count('failed')} failed, ${count('skipped')} skipped`,
  ];
}
