import { stepLook } from '../lib/status.js';
import { StatusWord } from './status-mark.js';

const SHOWN = [
  'success',
  'failed',
  'running',
  'retrying',
  'approval',
  'waiting',
  'skipped',
  'upstream_failed',
  'cancelled',
];

/** What colours and glyphs mean. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Legend">
      {SHOWN.map((state) => (
        <li key={state}>
          <StatusWord look={stepLook(state)} />
        </li>
      ))}
    </ul>
  );
}
