import type { StripCell } from '../../contract.js';
import { executionLook } from '../lib/status.js';
import { runHref } from './run-table.js';
import { StatusWord } from './status-mark.js';
import { Table } from './table.js';
import { Duration, Time } from './time.js';

interface RunStripProps {
  title: string;
  runs: readonly StripCell[];
  /** How many more there are. */
  left: number;
  timezone: string | null;
}

/** Some runs of one pipeline. */
export function RunStrip({ title, runs, left, timezone }: RunStripProps) {
  return (
    <section class="section">
      <h2>{title}</h2>
      <Table caption={title} columns={['Status', 'Run', 'About', 'Started', { name: 'Took', figure: true }]}>
        {runs.map((run) => (
          <tr key={run.runId}>
            <td>
              <StatusWord look={executionLook(run.status)} />
            </td>
            <td class="id">
              <a href={runHref(run)}>{run.workflowId}</a>
            </td>
            <td>{run.label}</td>
            <td>
              <Time at={run.startedAt} zone={timezone} />
            </td>
            <td class="figure">
              <Duration ms={run.durationMs} />
            </td>
          </tr>
        ))}
      </Table>
      {left > 0 && <p class="dim">and {left} more</p>}
    </section>
  );
}
