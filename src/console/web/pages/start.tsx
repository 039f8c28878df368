import { useState } from 'preact/hooks';
import type { FormAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { ask } from '../lib/doing.js';
import { href } from '../lib/route.js';
import { FieldsForm } from '../parts/fields-form.js';
import { Loaded, Page } from '../parts/page.js';

/** Starts a pipeline with parameters, by a form made from their types. */
export function StartPage({ name }: { name: string }) {
  return (
    <Page title={`Start ${name}`} about={<a href={href(['pipelines', name])}>Back to the pipeline</a>}>
      <Loaded of={useAnswer('/api/pipeline/form', { name })}>{(form) => <StartForm form={form} />}</Loaded>
    </Page>
  );
}

function StartForm({ form: { name, fields, partitioned, definition } }: { form: FormAnswer }) {
  const [partition, setPartition] = useState('');
  return (
    <FieldsForm
      fields={fields}
      button="Start…"
      onSend={(params) =>
        ask({ action: 'start', pipeline: name, params, ...(partition !== '' && { partition }) })
      }
    >
      {definition === null && (
        <p class="dim">
          Nothing in Temporal has its definition: it is started by its name, and the worker looks it up in its
          folder of pipelines.
        </p>
      )}
      {partitioned && (
        <div class="field">
          <label for="partition">
            Date or partition <span class="dim">that it is about</span>
          </label>
          <input
            id="partition"
            name="partition"
            placeholder="the newest"
            autocomplete="off"
            value={partition}
            onInput={({ currentTarget }) => setPartition(currentTarget.value)}
          />
          <span class="dim about">Such as 2026-11-23. Left empty, it is about now.</span>
        </div>
      )}
      {fields.length === 0 && definition !== null && <p class="dim">It has no parameters.</p>}
    </FieldsForm>
  );
}
