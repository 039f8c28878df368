import type { FormField, RunAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { ask } from '../lib/doing.js';
import { queryValue } from '../lib/route.js';
import { FieldsForm } from '../parts/fields-form.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { runHref } from '../parts/run-table.js';

/** Runs a pipeline again with other parameters: the steps that use them run again, with all that depends on them. */
export function AgainPage({ workflowId }: { workflowId: string }) {
  const runId = queryValue('run');
  return (
    <Page title={`Run ${workflowId} again`} about={<a href={runHref({ workflowId })}>Back to the run</a>}>
      <Loaded of={useAnswer('/api/run', { workflowId, runId })}>{(run) => <Form run={run} />}</Loaded>
    </Page>
  );
}

function Form({ run: { run, params } }: { run: RunAnswer }) {
  const { workflowId, runId, pipeline } = run;
  const form = useAnswer(pipeline === null ? null : '/api/pipeline/form', { name: pipeline });
  // What it was started with: a field that is left alone keeps that.
  const given = (field: FormField): FormField => ({
    ...field,
    required: false,
    default: params[field.name] ?? null,
  });
  if (pipeline === null)
    return <Empty title="It is no run of a pipeline.">It can be started anew only.</Empty>;
  return (
    <Loaded of={form}>
      {({ fields }) => (
        <FieldsForm
          fields={fields.filter(({ name }) => Object.hasOwn(params, name)).map(given)}
          button="Run again…"
          onSend={(set) => ask({ action: 'rerun', workflowId, runId, params: set })}
        >
          <p class="dim">
            Steps that use what is changed run again, with all that depends on them and all that has failed.
          </p>
        </FieldsForm>
      )}
    </Loaded>
  );
}
