import type { StepAnswer } from '../../../contract.js';
import { useAnswer } from '../../lib/answers.js';
import { stepLook } from '../../lib/status.js';
import { Failure } from '../../parts/failure.js';
import { HexLink } from '../../parts/hex-link.js';
import { Json } from '../../parts/json.js';
import { Loaded } from '../../parts/page.js';
import { StatusMark } from '../../parts/status-mark.js';
import { Elapsed, Time } from '../../parts/time.js';

interface StepDetailsProps {
  workflowId: string;
  runId: string;
  step: string;
  timezone: string | null | undefined;
}

/** What is too large for a row: attempts, failure, input and result of a step. */
export function StepDetails({ workflowId, runId, step, timezone }: StepDetailsProps) {
  return (
    <Loaded of={useAnswer('/api/step', { workflowId, runId, step })}>
      {(answer) => <Details answer={answer} timezone={timezone} />}
    </Loaded>
  );
}

function Details({ answer, timezone }: { answer: StepAnswer; timezone: string | null | undefined }) {
  const { input, result, failure, attempts, truncated } = answer;
  const nothing = input === null && result === null && failure === null && attempts.length === 0;
  return (
    <div class="step-details">
      {nothing && !truncated && (
        <p class="dim">It has not begun: there is no input, attempt or result yet.</p>
      )}
      {failure && <Failure error={failure} />}
      {attempts.length > 0 && (
        <>
          <h3>Attempts</h3>
          <ol class="attempts">
            {attempts.map(
              ({ attempt, item, slice, startedAt, endedAt, outcome, runId, runUrl, failure: why }) => (
                <li key={`${item}/${attempt}/${startedAt}`}>
                  <StatusMark look={stepLook(outcome ?? 'running')} />
                  <span class="visually-hidden">{outcome ?? 'running'}</span>
                  <span>
                    {item !== null && `${slice ? 'items from' : 'item'} ${item}, `}attempt {attempt}
                  </span>
                  <Time at={startedAt} zone={timezone} />
                  <Elapsed from={startedAt} to={endedAt} />
                  <HexLink runId={runId} runUrl={runUrl} />
                  {why && <span class="said bad-text">{why}</span>}
                </li>
              ),
            )}
          </ol>
        </>
      )}
      {truncated && (
        <p class="dim">The input or the result is larger than 64 KB: it is in Temporal's page of the step.</p>
      )}
      {input !== null && (
        <>
          <h3>Input</h3>
          <Json value={input} />
        </>
      )}
      {result !== null && (
        <>
          <h3>Result</h3>
          <Json value={result} />
        </>
      )}
    </div>
  );
}
