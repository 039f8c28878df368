import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { JsonValue } from '../../../base/json.js';
import type { FormField } from '../../contract.js';
import { readFields, type Typed } from '../lib/fields.js';
import { ParamForm } from './param-form.js';

interface FieldsFormProps {
  fields: readonly FormField[];
  /** Above the fields. */
  children?: ComponentChildren;
  /** What stands on the button. */
  button: string;
  /** Gets what was typed, once all of it can be read. */
  onSend: (params: Record<string, JsonValue>) => void;
}

/** A form of parameters: what cannot be read is said at its field, and nothing is sent. */
export function FieldsForm({ fields, children, button, onSend }: FieldsFormProps) {
  const [typed, setTyped] = useState<Typed>({});
  const [tried, setTried] = useState(false);
  const { params, wrong } = readFields(fields, typed);
  const send = (event: Event) => {
    event.preventDefault();
    setTried(true);
    const [first] = Object.keys(wrong);
    if (first === undefined) onSend(params);
    else
      (event.currentTarget as HTMLFormElement)
        .querySelector<HTMLElement>(`[name="${CSS.escape(first)}"]`)
        ?.focus();
  };
  return (
    <form class="form" onSubmit={send} noValidate>
      {children}
      <ParamForm fields={fields} typed={typed} wrong={tried ? wrong : {}} onType={setTyped} />
      <div class="form-foot">
        <button type="submit" class="primary">
          {button}
        </button>
        <span class="dim">You are asked once more before anything happens in Hex.</span>
      </div>
    </form>
  );
}
