import type { BackfillListRow } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { href } from '../lib/route.js';
import { executionLook } from '../lib/status.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { pipelineHref } from '../parts/run-table.js';
import { StatusWord } from '../parts/status-mark.js';
import { Table } from '../parts/table.js';
import { Elapsed, Time } from '../parts/time.js';

/** All backfills. */
export function BackfillsPage() {
  return (
    <Page
      title="Backfills"
      actions={
        <a class="button primary" href={href(['backfills', 'new'])}>
          Plan a backfill
        </a>
      }
    >
      <Loaded of={useAnswer('/api/backfills')}>{({ backfills }) => <Rows backfills={backfills} />}</Loaded>
    </Page>
  );
}

function Rows({ backfills }: { backfills: readonly BackfillListRow[] }) {
  if (backfills.length === 0)
    return (
      <Empty title="There are no backfills.">
        A backfill runs many dates of a pipeline, each once. <a href={href(['backfills', 'new'])}>Plan one</a>
        : nothing runs before you have seen the plan.
      </Empty>
    );
  return (
    <Table
      caption="Backfills"
      columns={['Status', 'Backfill', 'Pipeline', 'Started', { name: 'Elapsed', figure: true }, 'Progress']}
    >
      {backfills.map(({ workflowId, pipeline, status, startedAt, endedAt, counts }) => (
        <tr key={workflowId + startedAt}>
          <td>
            <StatusWord look={executionLook(status)} />
          </td>
          <td class="id">
            <a href={href(['backfills', workflowId])}>{workflowId}</a>
          </td>
          <td>{pipeline && <a href={pipelineHref(pipeline)}>{pipeline}</a>}</td>
          <td>
            <Time at={startedAt} />
          </td>
          <td class="figure">
            <Elapsed from={startedAt} to={endedAt} />
          </td>
          <td>{counts && progressWords(counts)}</td>
        </tr>
      ))}
    </Table>
  );
}

export function progressWords(counts: NonNullable<BackfillListRow['counts']>): string {
  const { waiting, running, success, failed, cancelled, left } = counts;
  const all = waiting + running + success + failed + cancelled + left;
  const parts = [`${all - waiting - running} of ${all} ended`];
  if (running > 0) parts.push(`${running} running`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}
