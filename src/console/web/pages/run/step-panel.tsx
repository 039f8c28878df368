import type { RunRow, StepRow } from '../../../contract.js';
import { stepLook } from '../../lib/status.js';
import { TemporalFact } from '../../parts/hex-link.js';
import { runHref } from '../../parts/run-table.js';
import { StatusWord } from '../../parts/status-mark.js';
import { Expected } from '../../parts/time.js';
import { stepNote } from './note.js';
import { StepButtons } from './step-buttons.js';
import { StepDetails } from './step-details.js';

interface StepPanelProps {
  run: RunRow;
  step: StepRow;
  onClose: () => void;
}

/** All about one step, beside the table, the graph or the times. */
export function StepPanel({ run, step, onClose }: StepPanelProps) {
  return (
    <aside class="details" aria-label={`Step ${step.id}`}>
      <header>
        <h2>{step.id}</h2>
        <button type="button" class="quiet icon" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      <p>
        <StatusWord look={stepLook(step.status)} /> <span class="said">{stepNote(step)}</span>{' '}
        <Expected end={step.expectedEnd} zone={run.timezone} />
      </p>
      <p class="buttons">
        <StepButtons run={run} step={step} />
      </p>
      <dl class="facts">
        <dt>Runs</dt>
        <dd>
          {step.child ? (
            <a href={runHref(step.child)}>{step.about ?? step.child.workflowId}</a>
          ) : (
            (step.about ?? step.projectId ?? step.kind)
          )}
          {step.connection && <span class="dim"> on {step.connection}</span>}
        </dd>
        <dt>After</dt>
        <dd>{step.dependsOn.join(', ') || <span class="dim">nothing: it starts at once</span>}</dd>
        <TemporalFact url={step.temporalUrl} />
      </dl>
      <StepDetails workflowId={run.workflowId} runId={run.runId} step={step.id} timezone={run.timezone} />
    </aside>
  );
}
