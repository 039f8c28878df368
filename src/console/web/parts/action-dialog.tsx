import { useEffect, useRef, useState } from 'preact/hooks';
import type { ActionPreview, ActionRequest } from '../../contract.js';
import { reload } from '../lib/answers.js';
import { ApiError, post, type Trouble } from '../lib/api.js';
import { asked, done } from '../lib/doing.js';
import { href, navigate } from '../lib/route.js';
import { Dialog } from './dialog.js';
import { Problems } from './problems.js';

const TITLES: Record<ActionRequest['action'], string> = {
  pause: 'Pause',
  resume: 'Resume',
  retryStep: 'Retry the step',
  skipStep: 'Skip the step',
  markSuccess: 'Mark the step as a success',
  cancelStep: 'Cancel the step',
  approve: 'Approve',
  reject: 'Reject',
  pollNow: 'Read the status now',
  cancel: 'Cancel',
  rerun: 'Run again',
  start: 'Start a run',
  moveToFront: 'Move to the front of the line',
  sensorPause: 'Pause the sensor',
  sensorResume: 'Resume the sensor',
  sensorSince: 'Set the cursor of the sensor',
  schedulePause: 'Pause the schedule',
  scheduleResume: 'Resume the schedule',
  scheduleTrigger: 'Start now',
  backfillStart: 'Start the backfill',
  backfillPause: 'Pause the backfill',
  backfillResume: 'Resume the backfill',
  backfillCancel: 'Cancel the backfill',
  backfillRetry: 'Run the failed ones again',
};

/** What an action is called before the server has said more. */
export const actionTitle = (action: ActionRequest['action']): string => TITLES[action];

/** The question before each action: what will happen in Hex, why it is done, and who will be recorded. */
export function ActionDialog() {
  const request = asked.value;
  // A new request is a new dialog, with nothing of the last one in it.
  return request && <Question key={JSON.stringify(request)} request={request} />;
}

function Question({ request }: { request: ActionRequest }) {
  const [preview, setPreview] = useState<ActionPreview | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const confirm = useRef<HTMLButtonElement>(null);
  const close = () => {
    asked.value = null;
  };

  useEffect(() => {
    let left = false;
    post('/api/actions/preview', request).then(
      (answer) => left || setPreview(answer),
      (error) => left || setTrouble(troubleOf(error)),
    );
    return () => {
      left = true;
    };
  }, [request]);

  // Once it is known what will happen, the next thing is the reason; Enter confirms.
  useEffect(() => (field.current ?? confirm.current)?.focus(), [preview]);

  const carryOut = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setTrouble(null);
    try {
      const why = reason.trim();
      const answer = await post('/api/actions', why === '' ? request : { ...request, reason: why });
      done.value = answer;
      close();
      if (answer.started) navigate(href([pageOf(request.action), answer.started.workflowId]));
      else reload();
    } catch (error) {
      setTrouble(troubleOf(error));
      setBusy(false);
    }
  };

  const refusal = preview?.refusal ?? null;
  const missing = preview?.reason === 'required' && reason.trim() === '';
  return (
    <Dialog title={preview?.title ?? actionTitle(request.action)} onClose={close}>
      <form onSubmit={carryOut}>
        <div class="happens" aria-busy={!preview && !trouble}>
          {preview ? (
            <ul>
              {preview.happens.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          ) : (
            !trouble && <p class="dim">Asking what this will do…</p>
          )}
        </div>
        {refusal && (
          <p class="trouble" role="alert">
            {refusal}
          </p>
        )}
        {trouble && <Problems trouble={trouble} />}
        {preview && !refusal && preview.reason !== 'none' && (
          <label class="field">
            <span>Reason{preview.reason === 'required' ? '' : ' (optional)'}</span>
            <input
              ref={field}
              name="reason"
              value={reason}
              maxLength={1000}
              required={preview.reason === 'required'}
              autocomplete="off"
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
          </label>
        )}
        <div class="dialog-foot">
          <span class="dim">
            {preview ? (
              <>
                Recorded as by <b>{preview.by}</b>
              </>
            ) : (
              ' '
            )}
          </span>
          <button type="button" class="quiet" onClick={close}>
            {refusal ? 'Close' : 'Back'}
          </button>
          {!refusal && (
            <button
              ref={confirm}
              type="submit"
              class={preview?.danger ? 'danger' : 'primary'}
              disabled={!preview || busy || missing}
            >
              {busy ? 'Doing it…' : (preview?.button ?? actionTitle(request.action))}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

const pageOf = (action: ActionRequest['action']) => (action.startsWith('backfill') ? 'backfills' : 'runs');

export function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiError) return error.trouble;
  return { code: 'failed', message: error instanceof Error ? error.message : String(error), problems: [] };
}
