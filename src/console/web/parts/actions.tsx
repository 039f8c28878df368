import type { ActionRequest } from '../../contract.js';
import { ask } from '../lib/doing.js';
import { useMe } from '../lib/me.js';

interface ActionButtonProps {
  request: ActionRequest;
  label: string;
  kind?: 'primary' | 'danger' | 'quiet';
  /** What it is done with, for screen readers, where the label alone says too little. */
  about?: string;
}

/** Asks for an action. It is not there in a console that may only look. */
export function ActionButton({ request, label, kind = 'quiet', about }: ActionButtonProps) {
  const me = useMe();
  if (!me || me.readOnly) return null;
  return (
    <button
      type="button"
      class={kind}
      aria-label={about === undefined ? undefined : `${label}: ${about}`}
      onClick={() => ask(request)}
    >
      {label}
    </button>
  );
}
