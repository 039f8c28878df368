import type { ComponentChildren } from 'preact';
import type { RunRow } from '../../contract.js';
import { href } from '../lib/route.js';
import { executionLook } from '../lib/status.js';
import { StatusWord } from './status-mark.js';
import { Table } from './table.js';
import { Elapsed, Time } from './time.js';

interface RunTableProps<Row extends RunRow> {
  caption: string;
  runs: readonly Row[];
  /** A last column. */
  more?: { name: string; cell: (run: Row) => ComponentChildren };
}

export const runHref = ({ workflowId, runId }: { workflowId: string; runId?: string | null }): string =>
  href(['runs', workflowId], { run: runId });

export const pipelineHref = (name: string): string => href(['pipelines', name]);

/** Executions of pipelines, and runs that stand alone, a row each. */
export function RunTable<Row extends RunRow>({ caption, runs, more }: RunTableProps<Row>) {
  return (
    <Table
      caption={caption}
      columns={[
        'Status',
        'Pipeline',
        'Run',
        'About',
        'Started',
        { name: 'Elapsed', figure: true },
        ...(more ? [more.name] : []),
      ]}
    >
      {runs.map((run) => (
        <tr key={run.runId}>
          <td>
            <StatusWord look={executionLook(run.status)} />
          </td>
          <td>
            <Belongs run={run} />
          </td>
          <td class="id">
            <a href={runHref(run)}>{run.workflowId}</a>
          </td>
          <td class="one-line">
            <About run={run} />
          </td>
          <td>
            <Time at={run.startedAt} zone={run.timezone} />
          </td>
          <td class="figure">
            <Elapsed from={run.startedAt} to={run.endedAt} />
          </td>
          {more && <td>{more.cell(run)}</td>}
        </tr>
      ))}
    </Table>
  );
}

/** The date that it is about; of one that was started by hand without any, nothing but its start could be said. */
function About({ run: { partition, trigger, scheduledTime, timezone } }: { run: RunRow }) {
  if (partition !== null) return <>{partition}</>;
  return trigger === 'schedule' ? <Time at={scheduledTime} zone={timezone} /> : <span class="faint">–</span>;
}

function Belongs({ run: { kind, pipeline, projectId } }: { run: RunRow }) {
  if (pipeline !== null) return <a href={pipelineHref(pipeline)}>{pipeline}</a>;
  if (kind === 'pipeline') return <span class="dim">not known</span>;
  return (
    <>
      <span class="dim">run of project</span> {projectId ?? <span class="dim">not known yet</span>}
    </>
  );
}
