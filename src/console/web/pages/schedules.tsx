import type { ScheduleRow } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { MISSED_WORDS } from '../lib/missed.js';
import { href } from '../lib/route.js';
import { ActionButton } from '../parts/actions.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { runHref } from '../parts/run-table.js';
import { Table } from '../parts/table.js';
import { Ago, Time } from '../parts/time.js';

/** All schedules that start pipelines: when next, what was missed, and whether they are what their files say. */
export function SchedulesPage() {
  return (
    <Page title="Schedules">
      <Loaded of={useAnswer('/api/schedules')}>{({ schedules }) => <Rows schedules={schedules} />}</Loaded>
    </Page>
  );
}

function Rows({ schedules }: { schedules: readonly ScheduleRow[] }) {
  if (schedules.length === 0)
    return (
      <Empty title="There are no schedules.">
        Add <code>schedule:</code> to a pipeline's file and run{' '}
        <code>temporal-hex schedule apply my-pipeline.yaml</code>.
      </Empty>
    );
  return (
    <Table
      caption="Schedules"
      columns={[
        'Schedule',
        'When',
        'Next',
        'Last',
        'Missed',
        { name: 'Skipped', figure: true },
        'File',
        'Owner',
        'Do',
      ]}
    >
      {schedules.map((row) => (
        <Row key={row.schedule} row={row} />
      ))}
    </Table>
  );
}

function Row({ row }: { row: ScheduleRow }) {
  const { schedule, pipeline, text, paused, note, next, last, skipped, drift, owner, timezone } = row;
  return (
    <tr>
      <th scope="row">
        {pipeline === null ? (
          schedule
        ) : (
          <a href={href(['pipelines', pipeline], { tab: 'schedule' })}>{schedule}</a>
        )}
      </th>
      <td>{text}</td>
      <td>
        {paused ? (
          <span class="people-text" title={note ?? undefined}>
            paused{note && `: ${note}`}
          </span>
        ) : (
          <>
            <Time at={next} zone={timezone} />{' '}
            <span class="dim">
              <Ago at={next} zone={timezone} />
            </span>
          </>
        )}
      </td>
      <td>
        {last && (
          <a href={runHref(last)}>
            <Time at={last.scheduledTime} zone={timezone} /> {last.status.toLowerCase()}
          </a>
        )}
      </td>
      <td>
        <Missed row={row} />
      </td>
      <td class="figure">{skipped}</td>
      <td>
        {row.file ?? <span class="dim">by hand</span>}
        {drift && drift.state !== 'same' && <span class="retry-text"> {drift.state}</span>}
      </td>
      <td>{owner}</td>
      <td class="buttons">
        <ActionButton request={{ action: 'scheduleTrigger', schedule }} label="Start now" about={schedule} />
        <ActionButton
          request={{ action: paused ? 'scheduleResume' : 'schedulePause', schedule }}
          label={paused ? 'Resume' : 'Pause'}
          about={schedule}
        />
      </td>
    </tr>
  );
}

function Missed({ row: { missedStarts, pipeline, missed } }: { row: ScheduleRow }) {
  if (missedStarts === null)
    return missed > 0 ? (
      <span class="retry-text">{missed} by Temporal's count</span>
    ) : (
      <span class="dim">not known</span>
    );
  if (missedStarts.length === 0) return <span class="dim">none</span>;
  return (
    <>
      {missedStarts.map(({ kind, from, to, count, fill }) => (
        <span key={kind + from} class="retry-text">
          {count === 1 ? from : `${count}, ${from} to ${to}`} ({MISSED_WORDS[kind]}){' '}
          {fill !== null && pipeline !== null && (
            <a href={href(['backfills', 'new'], { pipeline, from, to })}>fill</a>
          )}
        </span>
      ))}
    </>
  );
}
