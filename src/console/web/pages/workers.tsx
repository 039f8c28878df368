import { formatDuration } from '../../../base/duration.js';
import type { WorkersAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { Ago } from '../parts/time.js';

/** Who works: task queues, builds, and when each worker was last seen. */
export function WorkersPage() {
  return (
    <Page title="Workers">
      <Loaded of={useAnswer('/api/workers')}>
        {({ queues }) =>
          queues.length === 0 ? (
            <Empty title="No worker has been seen.">
              Start one with <code>temporal-hex worker</code>: until then runs wait, and none is lost.
            </Empty>
          ) : (
            queues.map((queue) => <Queue key={queue.taskQueue} queue={queue} />)
          )
        }
      </Loaded>
    </Page>
  );
}

function Queue({
  queue: { taskQueue, workers, current, ramping, backlog, backlogAgeMs },
}: {
  queue: WorkersAnswer['queues'][number];
}) {
  return (
    <Section title={`Task queue ${taskQueue}`} count={workers.length}>
      <p class="dim">
        {backlog === 0
          ? 'No task waits.'
          : `About ${backlog} tasks wait, the oldest for ${formatDuration(backlogAgeMs)}.`}
        {current !== null && ` New runs go to build ${current}.`}
        {ramping !== null && ` Build ${ramping} is ramping up.`}
      </p>
      {workers.length === 0 ? (
        <p class="bad-text">
          Nobody works on it: start <code>temporal-hex worker</code> with HEX_TASK_QUEUE={taskQueue}.
        </p>
      ) : (
        <Table caption={`Workers on ${taskQueue}`} columns={['Worker', 'Build', 'Does', 'Last seen']}>
          {workers.map(({ identity, build, kinds, lastSeen }) => (
            <tr key={identity}>
              <th scope="row" class="id">
                {identity}
              </th>
              <td>{build ?? <span class="dim">not versioned</span>}</td>
              <td>{kinds.join(', ')}</td>
              <td>
                <Ago at={lastSeen} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}
