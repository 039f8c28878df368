import { useState } from 'preact/hooks';
import type { FormAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { ask } from '../lib/doing.js';
import { readFields, type Typed } from '../lib/fields.js';
import { href } from '../lib/route.js';
import { Loaded, Page } from '../parts/page.js';
import { ParamForm } from '../parts/param-form.js';

/** Starts a pipeline with parameters, by a form made from their types. */
export function StartPage({ name }: { name: string }) {
  return (
    <Page title={`Start ${name}`} about={<a href={href(['pipelines', name])}>Back to the pipeline</a>}>
      <Loaded of={useAnswer('/api/pipeline/form', { name })}>{(form) => <StartForm form={form} />}</Loaded>
    </Page>
  );
}

function StartForm({ form: { name, fields, partitioned, definition } }: { form: FormAnswer }) {
  const [typed, setTyped] = useState<Typed>({});
  const [partition, setPartition] = useState('');
  const [tried, setTried] = useState(false);
  const { params, wrong } = readFields(fields, typed);
  const send = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrong).length > 0) {
      const [first] = Object.keys(wrong);
      (event.currentTarget as HTMLFormElement)
        .querySelector<HTMLElement>(`[name="${CSS.escape(first ?? '')}"]`)
        ?.focus();
      return;
    }
    ask({ action: 'start', pipeline: name, params, ...(partition !== '' && { partition }) });
  };
  return (
    <form class="form" onSubmit={send} noValidate>
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
      <ParamForm fields={fields} typed={typed} wrong={tried ? wrong : {}} onType={setTyped} />
      {fields.length === 0 && definition !== null && <p class="dim">It has no parameters.</p>}
      <div class="form-foot">
        <button type="submit" class="primary">
          Start…
        </button>
        <span class="dim">You are asked once more before anything happens in Hex.</span>
      </div>
    </form>
  );
}
