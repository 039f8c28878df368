import type { BackfillAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { navigate } from '../lib/route.js';
import { executionLook, type Look, partitionLook } from '../lib/status.js';
import { ActionButton } from '../parts/actions.js';
import { TemporalFact } from '../parts/hex-link.js';
import { Loaded, Page, Section } from '../parts/page.js';
import { PartitionGrid } from '../parts/partition-grid.js';
import { pipelineHref, runHref } from '../parts/run-table.js';
import { StatusWord } from '../parts/status-mark.js';
import { Table } from '../parts/table.js';
import { Elapsed, Time } from '../parts/time.js';
import { progressWords } from './backfills.js';

const BUTTONS = [
  ['backfillPause', 'Pause', 'quiet'],
  ['backfillResume', 'Resume', 'primary'],
  ['backfillRetry', 'Run the failed ones again', 'primary'],
  ['backfillCancel', 'Cancel', 'danger'],
] as const;

const LOOKS: Record<string, Look> = {
  '.': partitionLook('waiting'),
  r: partitionLook('running'),
  s: partitionLook('success'),
  f: partitionLook('failed'),
  c: partitionLook('cancelled'),
  '-': partitionLook('left'),
};

/** One backfill: its dates as a grid, and what can be done with it. */
export function BackfillPage({ workflowId }: { workflowId: string }) {
  const known = useAnswer('/api/backfill', { workflowId });
  const { answer } = known;
  return (
    <Page
      title={workflowId}
      about={
        answer && (
          <>
            <StatusWord look={executionLook(answer.status)} />
            {answer.progress && answer.progress.total > 0 && (
              <span>{progressWords(answer.progress.counts)}</span>
            )}
            <Elapsed from={answer.startedAt} to={answer.endedAt} />
          </>
        )
      }
      actions={
        answer &&
        BUTTONS.filter(([action]) => answer.actions.includes(action)).map(([action, label, kind]) => (
          <ActionButton key={action} request={{ action, workflowId }} label={label} kind={kind} />
        ))
      }
    >
      <Loaded of={known}>{(backfill) => <Backfill backfill={backfill} />}</Loaded>
    </Page>
  );
}

function Backfill({ backfill }: { backfill: BackfillAnswer }) {
  const { pipeline, progress, partitions, startedAt, endedAt, startedBy, temporalUrl, timezone } = backfill;
  return (
    <>
      <dl class="facts wide">
        <dt>Pipeline</dt>
        <dd>
          {pipeline ? <a href={pipelineHref(pipeline)}>{pipeline}</a> : <span class="dim">not known</span>}
        </dd>
        {progress && progress.total > 0 && (
          <>
            <dt>Dates</dt>
            <dd>
              {progress.from} to {progress.to}, {progress.total} in all
            </dd>
          </>
        )}
        <dt>Started</dt>
        <dd>
          <Time at={startedAt} zone={timezone} /> {startedBy && <span class="dim">by {startedBy}</span>}
        </dd>
        {progress?.paused && (
          <>
            <dt>Paused</dt>
            <dd class="people-text">
              by {progress.paused.by}
              {progress.paused.reason && `: ${progress.paused.reason}`}
            </dd>
          </>
        )}
        <TemporalFact url={temporalUrl} />
      </dl>
      {progress && progress.total > 0 ? (
        <Progress progress={progress} partitions={partitions} />
      ) : (
        <p class="dim">
          {progress === null && 'Its dates are not known while no worker answers.'}
          {progress && endedAt === null && 'Its dates are being looked up.'}
          {progress && endedAt !== null && 'It ended before it had any dates: its page in Temporal says why.'}
        </p>
      )}
    </>
  );
}

function Progress({
  progress: { grid, active, failures },
  partitions,
}: {
  progress: NonNullable<BackfillAnswer['progress']>;
  partitions: string[] | null;
}) {
  const names = partitions ?? Array.from(grid, (_, index) => `number ${index + 1}`);
  const runs = new Map([...active, ...failures].map((one) => [one.partition, one.workflowId]));
  return (
    <>
      <PartitionGrid
        label="Dates by outcome"
        partitions={names}
        look={(index) => LOOKS[grid[index] ?? ''] ?? null}
        data={grid}
        onSelect={(index) => {
          const found = runs.get(names[index] ?? '');
          if (found) navigate(runHref({ workflowId: found }));
        }}
      />
      <ul class="legend" aria-label="Legend">
        {Object.entries(LOOKS).map(([character, look]) => (
          <li key={character}>
            <StatusWord look={look} />
          </li>
        ))}
      </ul>
      {active.length > 0 && (
        <Section title="Running now" count={active.length}>
          <ul class="plain">
            {active.map(({ partition, workflowId }) => (
              <li key={workflowId}>
                <a href={runHref({ workflowId })}>{partition}</a>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {failures.length > 0 && (
        <Section title="Failed" count={failures.length}>
          <Table caption="Failed dates" columns={['Date', 'Run', 'Why']}>
            {failures.map(({ partition, workflowId, message }) => (
              <tr key={workflowId}>
                <td>{partition}</td>
                <td class="id">
                  <a href={runHref({ workflowId })}>{workflowId}</a>
                </td>
                <td class="said">{message}</td>
              </tr>
            ))}
          </Table>
        </Section>
      )}
    </>
  );
}
