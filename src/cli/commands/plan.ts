import type { Command } from 'commander';
import { collect, examples, type Perform } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { FILE_ARGUMENT, type FileOptions, readPipelineFile } from '../input/pipeline-file.js';
import { plain } from '../output.js';
import { withClient } from '../session.js';

interface PlanOptions extends FileOptions {
  mermaid?: true;
  history?: true;
}

export function addPlan(program: Command, perform: Perform): void {
  program
    .command('plan')
    .summary('check a pipeline and show what it would do')
    .description(
      'Checks a pipeline file and lays it out: the order, what may run at the same time, the calls to Hex. Needs no server and sends nothing; with --history it asks Temporal.',
    )
    .argument('<file>', FILE_ARGUMENT)
    .option('-p, --param <name=value>', 'parameter (repeatable), as for "pipeline"', collect)
    .option('--params-file <file>', 'parameters from a JSON or YAML file; -p wins')
    .option('--history', 'estimate by how long earlier runs took, as far as Temporal keeps them')
    .option('--mermaid', 'as a Mermaid flow chart, which GitHub and others draw')
    .addHelpText(
      'after',
      examples(
        'temporal-hex plan examples/regions.yaml',
        'temporal-hex plan examples/regions.yaml -p \'regions=["emea"]\' --json | jq .calls',
        'temporal-hex plan examples/regions.yaml --history',
        'temporal-hex plan examples/regions.yaml --mermaid',
      ),
    )
    .action((file: string, options: PlanOptions, command: Command) =>
      perform(command, async (session) => {
        const { output } = session;
        const { input, plan: alone } = await readPipelineFile(file, options);
        const { planMermaid, planText } = await import('../../pipeline/preview/render-plan.js');
        if (!alone) {
          const message =
            'names a pipeline that only the worker can look up: give the file of its definition';
          throw new UsageError('The pipeline', [{ path: 'pipeline', message }]);
        }
        const plan = options.history ? await withClient(session, (client) => client.plan(input)) : alone;
        const lines = (text: string) => text.split('\n').map(plain).join('\n');
        if (options.mermaid) {
          const mermaid = lines(planMermaid(plan));
          output.data({ mermaid }, () => mermaid);
        } else output.data(plan, () => lines(planText(plan)));
        return EXIT.ok;
      }),
    );
}
