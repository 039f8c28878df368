import type { RunRow, StepRow } from '../../../contract.js';
import { executionLook, stepLook } from '../../lib/status.js';
import { HexLink } from '../../parts/hex-link.js';
import { runHref } from '../../parts/run-table.js';
import { StatusWord } from '../../parts/status-mark.js';
import { Table } from '../../parts/table.js';
import { Elapsed, Expected, Time } from '../../parts/time.js';
import { stepNote } from './note.js';
import { StepButtons } from './step-buttons.js';

const COLUMNS = [
  'Step',
  'Status',
  'Runs',
  'Started',
  { name: 'Elapsed', figure: true },
  { name: 'Attempts', figure: true },
  'Note',
  'Do',
];
/** Beside the panel of a step, which has the rest. */
const NARROW = ['Step', 'Status', 'Started', { name: 'Elapsed', figure: true }];

interface StepsTableProps {
  run: RunRow;
  steps: readonly StepRow[];
  selected: string | null;
  onSelect: (step: string) => void;
}

/** The steps of a run, a row each, with what can be done about each. */
export function StepsTable({ run, steps, selected, onSelect }: StepsTableProps) {
  const narrow = steps.some(({ id }) => id === selected);
  if (steps.length === 0)
    return (
      <p class="dim">
        Its steps are not known: it {executionLook(run.status).word} before a worker had begun it.
      </p>
    );
  return (
    <Table caption="Steps" columns={narrow ? NARROW : COLUMNS}>
      {steps.map((step) => (
        <tr key={step.id} class={step.id === selected ? 'selected' : undefined}>
          <th scope="row">
            <button
              type="button"
              class="link"
              aria-pressed={step.id === selected}
              onClick={() => onSelect(step.id)}
            >
              {step.id}
            </button>
            {step.dependsOn.length > 0 && <span class="after dim">after {step.dependsOn.join(', ')}</span>}
          </th>
          <td>
            <StatusWord look={stepLook(step.status)} />
          </td>
          {!narrow && (
            <td>
              <Runs step={step} />
            </td>
          )}
          <td>
            <Time at={step.startedAt} zone={run.timezone} />
          </td>
          <td class="figure">
            <Elapsed from={step.startedAt} to={step.endedAt} />
          </td>
          {!narrow && (
            <>
              <td class="figure">{step.attempts > 0 ? step.attempts : ''}</td>
              <td class="said">
                {wantsNote(step) ? stepNote(step) : ''}{' '}
                <Expected end={step.expectedEnd} zone={run.timezone} />
              </td>
              <td class="buttons">
                <StepButtons run={run} step={step} most={2} />
              </td>
            </>
          )}
        </tr>
      ))}
    </Table>
  );
}

/** How long it took stands in a column of its own. */
const wantsNote = ({ endedAt, error, reason, items }: StepRow) =>
  endedAt === null || Boolean(error || reason || items);

function Runs({ step: { runId, runUrl, child, about, projectId, kind } }: { step: StepRow }) {
  if (runId !== null) return <HexLink runId={runId} runUrl={runUrl} />;
  if (child) return <a href={runHref(child)}>{about ?? 'pipeline'}</a>;
  return (
    <span class="dim said" title={about ?? undefined}>
      {about ?? projectId ?? kind}
    </span>
  );
}
