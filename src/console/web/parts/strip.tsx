import { executionLook } from '../lib/status.js';

const WIDTH = 7;
const PITCH = 9;
const HEIGHT = 18;

interface StripProps {
  /** Oldest first. */
  outcomes: readonly { status: string; workflowId: string }[];
  /** How many places there are: so that rows stand in line. */
  places: number;
}

/** The last outcomes, newest on the right: a bar each, low where it failed, so that colour is not all there is. */
export function Strip({ outcomes, places }: StripProps) {
  const shown = outcomes.slice(-places);
  const from = (places - shown.length) * PITCH;
  return (
    <svg
      class="strip"
      width={places * PITCH}
      height={HEIGHT}
      viewBox={`0 0 ${places * PITCH} ${HEIGHT}`}
      role="img"
      aria-label={inWords(shown)}
    >
      {shown.map(({ status, workflowId }, index) => {
        const look = executionLook(status);
        const short = look.tone === 'bad' ? 7 : look.tone === 'off' ? 3 : 0;
        return (
          <rect
            key={workflowId}
            class={`bar ${look.tone}`}
            x={from + index * PITCH}
            y={short}
            width={WIDTH}
            height={HEIGHT - short}
            rx="1.5"
          />
        );
      })}
    </svg>
  );
}

/** `last 3: success, success, failed`. */
function inWords(outcomes: StripProps['outcomes']): string {
  if (outcomes.length === 0) return 'no runs yet';
  return `last ${outcomes.length}: ${outcomes.map(({ status }) => executionLook(status).word).join(', ')}`;
}
