import { useState } from 'preact/hooks';
import { formatDuration } from '../../../base/duration.js';
import type { SensorRow } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { useMe } from '../lib/me.js';
import { executionLook } from '../lib/status.js';
import { ActionButton } from '../parts/actions.js';
import { webAddress } from '../parts/hex-link.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { pipelineHref, runHref } from '../parts/run-table.js';
import { SinceDialog } from '../parts/since-dialog.js';
import { StatusWord } from '../parts/status-mark.js';
import { Table } from '../parts/table.js';
import { Ago } from '../parts/time.js';

/** What watches for something and starts pipelines. */
export function SensorsPage() {
  return (
    <Page title="Sensors">
      <Loaded of={useAnswer('/api/sensors')}>{({ sensors }) => <Rows sensors={sensors} />}</Loaded>
    </Page>
  );
}

function Rows({ sensors }: { sensors: readonly SensorRow[] }) {
  /** The sensor whose cursor somebody is about to set. */
  const [moving, setMoving] = useState<string | null>(null);
  if (sensors.length === 0)
    return (
      <Empty title="There are no sensors.">
        Add <code>on:</code> to a pipeline's file and run{' '}
        <code>temporal-hex sensor apply my-pipeline.yaml</code>: it then starts when runs of Hex projects end.
      </Empty>
    );
  return (
    <>
      <Table
        caption="Sensors"
        columns={[
          'Status',
          'Sensor',
          'Starts',
          { name: 'Behind', figure: true },
          'Cursor',
          'Last look',
          'Last start',
          'Trouble',
          'Do',
        ]}
      >
        {sensors.map((row) => (
          <Row key={row.workflowId} row={row} onCursor={() => setMoving(row.name)} />
        ))}
      </Table>
      {moving !== null && <SinceDialog sensor={moving} onClose={() => setMoving(null)} />}
    </>
  );
}

function Row({ row, onCursor }: { row: SensorRow; onCursor: () => void }) {
  const me = useMe();
  const { name, status, paused, pipeline, lagMs, cursor, lastLook, lastStart, trouble, temporalUrl } = row;
  const events = webAddress(temporalUrl);
  return (
    <tr>
      <td>
        <StatusWord look={executionLook(status)} />
        {paused && (
          <span class="people-text">
            {' '}
            by {paused.by}
            {paused.reason && `: ${paused.reason}`}
          </span>
        )}
      </td>
      <th scope="row">
        {events === null ? (
          name
        ) : (
          <a href={events} target="_blank" rel="noreferrer" title="Its events in Temporal">
            {name}
          </a>
        )}
      </th>
      <td>{pipeline && <a href={pipelineHref(pipeline)}>{pipeline}</a>}</td>
      <td class="figure">{lagMs === null ? <span class="dim">not known</span> : formatDuration(lagMs)}</td>
      <td class="said">
        <code>{cursor === null ? '' : JSON.stringify(cursor)}</code>
      </td>
      <td>
        <Ago at={lastLook} />
      </td>
      <td>
        {lastStart && (
          <a href={runHref(lastStart)}>
            <Ago at={lastStart.at} />
          </a>
        )}
      </td>
      <td class="said bad-text">{trouble}</td>
      <td class="buttons">
        <ActionButton
          request={{ action: status === 'paused' ? 'sensorResume' : 'sensorPause', sensor: name }}
          label={status === 'paused' ? 'Resume' : 'Pause'}
          about={name}
        />
        {me && !me.readOnly && (
          <button type="button" class="quiet" aria-label={`Set the cursor: ${name}`} onClick={onCursor}>
            Set the cursor
          </button>
        )}
      </td>
    </tr>
  );
}
