import type { ComingStart, PipelineScheduleAnswer, ScheduleRow } from '../../../contract.js';
import { useAnswer } from '../../lib/answers.js';
import { ActionButton } from '../../parts/actions.js';
import { Empty, Loaded, Section } from '../../parts/page.js';
import { runHref } from '../../parts/run-table.js';
import { Table } from '../../parts/table.js';
import { Ago, Time } from '../../parts/time.js';

/** When a pipeline starts: coming starts, what clock changes do to them, and the difference to its file. */
export function ScheduleTab({ name }: { name: string }) {
  return (
    <Loaded of={useAnswer('/api/pipeline/schedule', { name })}>
      {(answer) => <Schedule answer={answer} name={name} />}
    </Loaded>
  );
}

function Schedule({ answer, name }: { answer: PipelineScheduleAnswer; name: string }) {
  const { schedule, timezone, coming, clockChanges, difference } = answer;
  if (!schedule)
    return (
      <Empty title="No schedule starts it.">
        Add <code>schedule:</code> to its file and run <code>temporal-hex schedule apply {name}.yaml</code>.
      </Empty>
    );
  return (
    <>
      <ScheduleFacts schedule={schedule} timezone={timezone} />
      {difference.length > 0 && (
        <Section title="It differs from its file">
          <p class="dim">What "temporal-hex schedule apply" would change:</p>
          <pre class="json difference">
            {difference.map((line) => (
              <span
                key={line}
                class={line.startsWith('+') ? 'ok-text' : line.startsWith('-') ? 'bad-text' : undefined}
              >
                {line}
                {'\n'}
              </span>
            ))}
          </pre>
        </Section>
      )}
      {clockChanges.length > 0 && (
        <Section title="Clock changes">
          {clockChanges.map(({ at, text, touched }) => (
            <div key={at}>
              <p>
                <b>
                  <Time at={at} zone={timezone} />
                </b>{' '}
                {text}
                {touched.length === 0 && <span class="dim"> No start is touched.</span>}
              </p>
              {touched.length > 0 && (
                <Starts
                  caption={`Starts that the change of ${at} touches`}
                  starts={touched}
                  timezone={timezone}
                />
              )}
            </div>
          ))}
        </Section>
      )}
      <Section title="Coming starts">
        {coming.length > 0 ? (
          <Starts caption="Coming starts" starts={coming} timezone={timezone} />
        ) : (
          <p class="dim">
            {schedule.next ? 'It was made by hand: only its next start is known.' : 'Nothing comes any more.'}
          </p>
        )}
      </Section>
    </>
  );
}

function Starts({
  caption,
  starts,
  timezone,
}: {
  caption: string;
  starts: readonly ComingStart[];
  timezone: string;
}) {
  return (
    <Table caption={caption} columns={['Start', 'Local time', 'About', 'Note']}>
      {starts.map(({ scheduledTime, localTime, partition, note }) => (
        <tr key={scheduledTime + localTime}>
          <td>
            <Time at={scheduledTime} zone={timezone} />
          </td>
          <td class="dim figure-left">{localTime}</td>
          <td>{partition}</td>
          <td class={note ? 'retry-text' : undefined}>{note}</td>
        </tr>
      ))}
    </Table>
  );
}

function ScheduleFacts({ schedule, timezone }: { schedule: ScheduleRow; timezone: string }) {
  const { text, paused, note, next, last, missed, skipped, file, sha256 } = schedule;
  return (
    <>
      <dl class="facts wide">
        <dt>When</dt>
        <dd>{text}</dd>
        <dt>Next</dt>
        <dd>
          {paused ? (
            <span class="people-text">paused{note && `: ${note}`}</span>
          ) : (
            <>
              <Time at={next} zone={timezone} /> <Ago at={next} zone={timezone} />
              {next === null && 'nothing comes any more'}
            </>
          )}
        </dd>
        <dt>Last</dt>
        <dd>
          {last ? (
            <a href={runHref(last)}>
              <Time at={last.scheduledTime} zone={timezone} /> {last.status.toLowerCase()}
            </a>
          ) : (
            'none yet'
          )}
        </dd>
        <dt>Left out</dt>
        <dd>
          {missed} missed the catch-up window, {skipped} skipped because a run was going on
        </dd>
        <dt>File</dt>
        <dd>
          {file ?? 'made by hand'} {sha256 && <code title={sha256}>{sha256.slice(0, 12)}</code>}
        </dd>
      </dl>
      <p class="buttons">
        <ActionButton
          request={{ action: 'scheduleTrigger', schedule: schedule.schedule }}
          label="Start it now"
        />
        <ActionButton
          request={{ action: paused ? 'scheduleResume' : 'schedulePause', schedule: schedule.schedule }}
          label={paused ? 'Resume' : 'Pause'}
        />
      </p>
    </>
  );
}
