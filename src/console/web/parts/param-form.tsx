import { useId } from 'preact/hooks';
import type { FormField } from '../../contract.js';
import { defaultText, type Typed } from '../lib/fields.js';

interface ParamFormProps {
  fields: readonly FormField[];
  typed: Typed;
  /** What is wrong, by the name of the field. */
  wrong: Record<string, string>;
  onType: (typed: Typed) => void;
}

/** A field for each parameter, by its type. A field that is left alone keeps its default. */
export function ParamForm({ fields, typed, wrong, onType }: ParamFormProps) {
  const set = (name: string, text: string | undefined) => {
    const { [name]: _, ...rest } = typed;
    onType(text === undefined ? rest : { ...rest, [name]: text });
  };
  return (
    <>
      {fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          text={typed[field.name]}
          wrong={wrong[field.name]}
          onText={(text) => set(field.name, text)}
        />
      ))}
    </>
  );
}

interface FieldProps {
  field: FormField;
  /** Undefined: left alone. */
  text: string | undefined;
  wrong: string | undefined;
  onText: (text: string | undefined) => void;
}

function Field({ field, text, wrong, onText }: FieldProps) {
  const id = useId();
  const { name, type, required, description } = field;
  const about = [description, required ? 'required' : defaultWords(field)].filter(Boolean).join(' · ');
  return (
    <div class="field">
      <label for={id}>
        {name} <span class="dim">{type}</span>
      </label>
      <Input field={field} id={id} text={text} wrong={wrong} onText={onText} />
      {text !== undefined && !required && (
        <button
          type="button"
          class="quiet"
          onClick={() => onText(undefined)}
          aria-label={`Default for ${name}`}
        >
          Default
        </button>
      )}
      <span id={`${id}-about`} class="dim about">
        {about}
      </span>
      {wrong && (
        <span id={`${id}-wrong`} class="bad-text about">
          {name} {wrong}
        </span>
      )}
    </div>
  );
}

function defaultWords({ default: value }: FormField): string {
  const text = defaultText(value);
  return text === '' ? '' : `default: ${text}`;
}

function Input({ field, id, text, wrong, onText }: FieldProps & { id: string }) {
  const { name, type, required, enum: allowed } = field;
  const common = {
    id,
    name,
    'aria-describedby': `${id}-about${wrong ? ` ${id}-wrong` : ''}`,
    'aria-invalid': wrong !== undefined,
    'aria-required': required,
  };
  const choices = allowed ?? (type === 'boolean' ? [true, false] : null);
  if (choices)
    return (
      <select
        {...common}
        value={text ?? ''}
        onChange={({ currentTarget }) => onText(currentTarget.value || undefined)}
      >
        <option value="">{required ? 'choose one' : 'default'}</option>
        {choices.map((one) => (
          <option key={JSON.stringify(one)} value={JSON.stringify(one)}>
            {typeof one === 'string' ? one : JSON.stringify(one)}
          </option>
        ))}
      </select>
    );
  const value = text ?? '';
  if (type === 'array' || type === 'object')
    return (
      <textarea
        {...common}
        rows={3}
        spellcheck={false}
        placeholder={defaultText(field.default)}
        value={value}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
    );
  const typed = {
    ...{ placeholder: defaultText(field.default), autocomplete: 'off', value },
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) => onText(currentTarget.value),
  };
  if (type === 'date') return <input {...common} {...typed} type="date" />;
  const inputMode = type === 'integer' ? 'numeric' : type === 'number' ? 'decimal' : 'text';
  return <input {...common} {...typed} type="text" inputMode={inputMode} />;
}
