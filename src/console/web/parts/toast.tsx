import { useEffect } from 'preact/hooks';
import { done } from '../lib/doing.js';

const SHOWN_MS = 8_000;

/** What was done last. It is a live region: a screen reader reads it out. */
export function Toast() {
  const last = done.value;
  useEffect(() => {
    if (!last) return;
    const timer = setTimeout(() => {
      if (done.peek() === last) done.value = null;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [last]);
  return (
    <div class="toast-place" role="status">
      {last && (
        <div class="toast">
          <span>{last.done}</span>
          <button type="button" class="quiet" aria-label="Close" onClick={() => (done.value = null)}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}
