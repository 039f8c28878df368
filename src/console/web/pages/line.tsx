import type { LineAnswer, LineMoveRow, LinePlace } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { ActionButton } from '../parts/actions.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { runHref } from '../parts/run-table.js';
import { Table } from '../parts/table.js';
import { Ago, Time } from '../parts/time.js';
import { ConnectionCard } from './home.js';

/** Who waits for Hex's limits, in which order, and until when. */
export function LinePage() {
  return (
    <Page title="Line">
      <Loaded of={useAnswer('/api/line')}>
        {({ lines }) =>
          lines.length === 0 ? (
            <Empty title="There is no line.">
              A line is made by the limiter of a connection, with its first run. With HEX_LIMITS=off there is
              none.
            </Empty>
          ) : (
            lines.map((line) => <Line key={line.name + line.taskQueue} line={line} />)
          )
        }
      </Loaded>
    </Page>
  );
}

function Line({ line }: { line: LineAnswer['lines'][number] }) {
  const { name, places, moves, inLine } = line;
  return (
    <Section title={name} count={inLine ?? undefined}>
      <ConnectionCard connection={line} />
      {places.length === 0 ? (
        <p class="dim">
          {inLine === null ? 'Its limiter does not answer.' : 'Nobody waits: the next run starts at once.'}
        </p>
      ) : (
        <Table
          caption={`Line of ${name}`}
          columns={[
            { name: 'Place', figure: true },
            'Run',
            'Project',
            'Waits for',
            'Since',
            'Expected',
            { name: 'Priority', figure: true },
            'Do',
          ]}
        >
          {places.map((place) => (
            <Place key={place.workflowId} place={place} />
          ))}
        </Table>
      )}
      {inLine !== null && inLine > places.length && places.length > 0 && (
        <p class="dim">and {inLine - places.length} more</p>
      )}
      {moves.length > 0 && <Moves name={name} moves={moves} />}
    </Section>
  );
}

function Moves({ name, moves }: { name: string; moves: readonly LineMoveRow[] }) {
  return (
    <Table
      caption={`Moved to the front of the line of ${name}`}
      columns={['Moved to the front', 'Who', 'What', { name: 'Runs', figure: true }, 'Why']}
    >
      {moves.map(({ at, by, workflowId, runs, reason }) => (
        <tr key={at + workflowId}>
          <td>
            <Ago at={at} />
          </td>
          <td>{by}</td>
          <td class="id">
            <a href={runHref({ workflowId })}>{workflowId}</a>
          </td>
          <td class="figure">{runs}</td>
          <td class="said">{reason}</td>
        </tr>
      ))}
    </Table>
  );
}

function Place({
  place: { place, run, workflowId, projectId, waitsFor, askedAt, expectedAt, exact, priority },
}: {
  place: LinePlace;
}) {
  return (
    <tr>
      <td class="figure">{place}</td>
      <td class="id">
        <a href={runHref(run ?? { workflowId })}>{run?.workflowId ?? workflowId}</a>
        {run && <span class="dim"> {run.step}</span>}
      </td>
      <td>{projectId}</td>
      <td>{waitsFor}</td>
      <td>
        <Ago at={askedAt} />
      </td>
      <td>
        {expectedAt === null ? (
          <span class="dim">not known</span>
        ) : (
          <>
            {!exact && 'about '}
            <Time at={expectedAt} />
          </>
        )}
      </td>
      <td class="figure">{priority}</td>
      <td class="buttons">
        {place > 1 && (
          <ActionButton
            request={{ action: 'moveToFront', workflowId }}
            label="Move to the front"
            about={workflowId}
          />
        )}
      </td>
    </tr>
  );
}
