import { formatDuration } from '../../../base/duration.js';
import type { SensorRow } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { executionLook } from '../lib/status.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { pipelineHref, runHref } from '../parts/run-table.js';
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
  if (sensors.length === 0)
    return (
      <Empty title="There are no sensors.">
        A step with <code>waitFor:</code> waits for something inside of a run; what waits there stands on the
        page of the run.
      </Empty>
    );
  return (
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
      ]}
    >
      {sensors.map(({ workflowId, name, status, pipeline, lagMs, cursor, lastLook, lastStart, trouble }) => (
        <tr key={workflowId}>
          <td>
            <StatusWord look={executionLook(status)} />
          </td>
          <th scope="row">{name}</th>
          <td>{pipeline && <a href={pipelineHref(pipeline)}>{pipeline}</a>}</td>
          <td class="figure">
            {lagMs === null ? <span class="dim">not known</span> : formatDuration(lagMs)}
          </td>
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
        </tr>
      ))}
    </Table>
  );
}
