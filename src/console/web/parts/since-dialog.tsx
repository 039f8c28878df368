import { useState } from 'preact/hooks';
import { ask } from '../lib/doing.js';
import { Dialog } from './dialog.js';

/** Asks from when on a sensor is to look anew; what that does is asked once more. */
export function SinceDialog({ sensor, onClose }: { sensor: string; onClose: () => void }) {
  const [since, setSince] = useState('');
  const next = (event: Event) => {
    event.preventDefault();
    onClose();
    ask({ action: 'sensorSince', sensor, since: since.trim() });
  };
  return (
    <Dialog title={`Set the cursor of sensor ${sensor}`} onClose={onClose}>
      <form onSubmit={next}>
        <label class="field">
          <span>Look anew for runs that ended since</span>
          <input
            name="since"
            value={since}
            required
            placeholder="24h, 7d, or 2026-03-28T00:00:00Z"
            autocomplete="off"
            onInput={({ currentTarget }) => setSince(currentTarget.value)}
          />
        </label>
        <div class="dialog-foot">
          <span class="dim">You are asked once more before anything happens.</span>
          <button type="button" class="quiet" onClick={onClose}>
            Back
          </button>
          <button type="submit" class="primary" disabled={since.trim() === ''}>
            Next
          </button>
        </div>
      </form>
    </Dialog>
  );
}
