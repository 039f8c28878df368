import type { JsonValue } from '../../../base/json.js';

/** A value as it is: JSON, as text. */
export function Json({ value }: { value: JsonValue }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <pre class="json" tabIndex={0}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
