import type { StepError } from '../../../pipeline/execution/result.js';
import { HexLink } from './hex-link.js';

/** Why something failed, and what to do about it. */
export function Failure({ error, step }: { error: StepError; step?: string | null }) {
  const { type, message, hint, runId, runUrl, status, leftRunning = [] } = error;
  return (
    <div class="failure">
      <p>
        <b>
          {step && `${step}: `}
          {type}
        </b>{' '}
        {status && <span class="dim">Hex says {status}</span>} <HexLink runId={runId} runUrl={runUrl} />
      </p>
      <p class="said">{message}</p>
      {hint && <p class="remedy">{hint}</p>}
      {leftRunning.length > 0 && (
        <p>
          May be going on in Hex:{' '}
          {leftRunning.map((left) => (
            <HexLink key={left.runId} {...left} />
          ))}
        </p>
      )}
    </div>
  );
}
