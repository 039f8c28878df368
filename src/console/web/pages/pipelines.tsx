import type { PipelineRow } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { href, queryValue, setQuery } from '../lib/route.js';
import { executionLook } from '../lib/status.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { pipelineHref, runHref } from '../parts/run-table.js';
import { Sparkline } from '../parts/sparkline.js';
import { StatusMark } from '../parts/status-mark.js';
import { Strip } from '../parts/strip.js';
import { Table } from '../parts/table.js';
import { Ago, Time } from '../parts/time.js';

const PLACES = 20;
const MOST = 500;

/** All pipelines that have run or are scheduled. */
export function PipelinesPage() {
  const wanted = (queryValue('q') ?? '').toLowerCase();
  return (
    <Page
      title="Pipelines"
      actions={
        <input
          type="search"
          aria-label="Show only pipelines with this in their name, owner or tags"
          placeholder="Name, owner or tag"
          value={queryValue('q') ?? ''}
          onInput={({ currentTarget }) => setQuery({ q: currentTarget.value })}
        />
      }
    >
      <Loaded of={useAnswer('/api/pipelines')}>
        {({ pipelines }) => (
          <Rows all={pipelines} shown={pipelines.filter((row) => isWanted(row, wanted))} wanted={wanted} />
        )}
      </Loaded>
    </Page>
  );
}

function Rows({
  all,
  shown,
  wanted,
}: {
  all: readonly PipelineRow[];
  shown: readonly PipelineRow[];
  wanted: string;
}) {
  if (all.length === 0)
    return (
      <Empty title="There are no pipelines yet.">
        A pipeline is here once it has run or has a schedule:{' '}
        <code>temporal-hex pipeline my-pipeline.yaml</code>, or{' '}
        <code>temporal-hex schedule apply my-pipeline.yaml</code>.
      </Empty>
    );
  if (shown.length === 0)
    return (
      <Empty title={`None of the ${all.length} pipelines has "${wanted}" in its name, owner or tags.`}>
        <button type="button" class="quiet" onClick={() => setQuery({ q: null })}>
          Show all
        </button>
      </Empty>
    );
  return (
    <>
      <Table
        caption="Pipelines"
        columns={['Pipeline', 'Last runs', 'Duration', 'Last', 'Next start', 'Fresh', 'Owner and tags']}
      >
        {shown.slice(0, MOST).map((row) => (
          <Row key={row.name} row={row} />
        ))}
      </Table>
      {shown.length > MOST && (
        <p class="dim">and {shown.length - MOST} more: search for them by name, owner or tag.</p>
      )}
    </>
  );
}

function Row({ row }: { row: PipelineRow }) {
  const { name, strip, schedule, freshness, missed, owner, tags, timezone } = row;
  const last = strip.at(-1);
  const good = strip.filter(({ status }) => status === 'success').map(({ durationMs }) => durationMs);
  return (
    <tr>
      <th scope="row">
        <a href={pipelineHref(name)}>{name}</a>
      </th>
      <td>
        <Strip outcomes={strip} places={PLACES} />
      </td>
      <td>
        <Sparkline values={good} />
      </td>
      <td>
        {last ? (
          <a class="status" href={runHref(last)}>
            <StatusMark look={executionLook(last.status)} />
            <span class="visually-hidden">{executionLook(last.status).word}, </span>
            <Ago at={last.startedAt} zone={timezone} />
          </a>
        ) : (
          <span class="faint">never</span>
        )}
      </td>
      <td class="one-line">
        {schedule && <NextStart name={name} schedule={schedule} missed={missed} zone={timezone} />}
      </td>
      <td class="one-line">{freshness && <Freshness {...freshness} zone={timezone} />}</td>
      <td class="one-line">
        {owner}{' '}
        {tags.map((tag) => (
          <a key={tag} class="tag" href={href(['pipelines'], { q: tag })}>
            {tag}
          </a>
        ))}
      </td>
    </tr>
  );
}

interface NextStartProps {
  name: string;
  schedule: NonNullable<PipelineRow['schedule']>;
  missed: number;
  zone: string | null;
}

function NextStart({ name, schedule: { paused, next, text, drift }, missed, zone }: NextStartProps) {
  return (
    <>
      {paused ? <span class="people-text">paused</span> : <Time at={next} zone={zone} />}
      {!paused && next === null && <span class="dim">none</span>}{' '}
      {missed > 0 && <span class="retry-text">{missed} missed </span>}
      {drift !== null && drift !== 'same' && (
        <a class="retry-text" href={href(['pipelines', name], { tab: 'schedule' })}>
          not its file
        </a>
      )}
      <span class="after dim">{text}</span>
    </>
  );
}

export function Freshness({
  lastSuccess,
  stale,
  zone,
}: {
  lastSuccess: string | null;
  stale: boolean;
  zone: string | null | undefined;
}) {
  return (
    <span class={stale ? 'bad-text' : 'ok-text'}>
      {stale ? 'stale' : 'fresh'}
      {lastSuccess === null ? ', never succeeded' : ', '}
      <Ago at={lastSuccess} zone={zone} />
    </span>
  );
}

const isWanted = ({ name, owner, tags }: PipelineRow, wanted: string) =>
  [name, owner ?? '', ...tags].some((one) => one.toLowerCase().includes(wanted));
