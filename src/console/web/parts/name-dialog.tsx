import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { accept } from '../lib/answers.js';
import { post, type Trouble } from '../lib/api.js';
import { useMe } from '../lib/me.js';
import { troubleOf } from './action-dialog.js';
import { Dialog } from './dialog.js';
import { Problems } from './problems.js';

/** Whether somebody is about to say their name. */
export const naming = signal(false);

/** Under which name decisions are recorded. */
export function NameDialog() {
  const [name, setName] = useState(useMe()?.by ?? '');
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const close = () => {
    naming.value = false;
  };
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      accept('/api/me', await post('/api/me', { name: name.trim() }));
      close();
    } catch (error) {
      setTrouble(troubleOf(error));
    }
  };
  return (
    <Dialog title="Your name" onClose={close}>
      <form onSubmit={save}>
        <p>It is recorded with everything you do here: in the audit of a run, and on what you start.</p>
        <label class="field">
          <span>Name</span>
          <input
            name="name"
            value={name}
            required
            maxLength={100}
            autocomplete="name"
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        {trouble && <Problems trouble={trouble} />}
        <div class="dialog-foot">
          <span />
          <button type="button" class="quiet" onClick={close}>
            Back
          </button>
          <button type="submit" class="primary" disabled={name.trim() === ''}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
