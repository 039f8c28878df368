import type { Ask, ConnectionState, HomeAnswer, MissedRow, RunRow } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { MISSED_WORDS } from '../lib/missed.js';
import { promptOf } from '../lib/prompt.js';
import { href } from '../lib/route.js';
import { ActionButton } from '../parts/actions.js';
import { BudgetBar } from '../parts/budget.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { RunTable, runHref } from '../parts/run-table.js';
import { Table } from '../parts/table.js';
import { Ago, Time } from '../parts/time.js';

/** What somebody wants to know who comes in: what needs people, what failed, what runs, and how Hex is. */
export function HomePage() {
  return (
    <Page title="Home">
      <Loaded of={useAnswer('/api/home')}>{(home) => <Home home={home} />}</Loaded>
    </Page>
  );
}

function Home({ home }: { home: HomeAnswer }) {
  const { waiting, failed, running, missed, counts, connections } = home;
  const quiet = waiting.length + failed.length + running.length + missed.length === 0;
  return (
    <>
      <Counts home={home} />
      {quiet && (
        <Empty title="Nothing runs, nothing waits, and nothing has failed in the last 24 hours.">
          Start a pipeline from its <a href={href(['pipelines'])}>page</a>, or with{' '}
          <code>temporal-hex pipeline my-pipeline.yaml</code>.
        </Empty>
      )}
      {waiting.length > 0 && (
        <Section title="Waiting for people" count={counts.waiting}>
          <RunTable
            caption="Waiting for people"
            runs={waiting}
            more={{ name: 'Asks', cell: (run) => <Asks run={run} /> }}
          />
        </Section>
      )}
      {failed.length > 0 && (
        <Section title="Failed in the last 24 hours" count={counts.failed}>
          <RunTable
            caption="Failed in the last 24 hours"
            runs={failed}
            more={{
              name: 'Do',
              cell: ({ kind, workflowId, runId }) =>
                kind === 'pipeline' && (
                  <ActionButton
                    request={{ action: 'rerun', workflowId, runId }}
                    label="Run again"
                    about={workflowId}
                  />
                ),
            }}
          />
        </Section>
      )}
      {missed.length > 0 && (
        <Section title="Missed starts" count={missed.reduce((sum, { count }) => sum + count, 0)}>
          <MissedTable missed={missed} />
        </Section>
      )}
      {running.length > 0 && (
        <Section title="Running" count={counts.running}>
          <RunTable caption="Running" runs={running} />
        </Section>
      )}
      <Section title="Hex">
        {connections.length === 0 ? (
          <Empty title="No connection is known yet.">
            A worker tells of its connection when it starts its first run.
          </Empty>
        ) : (
          <div class="cards">
            {connections.map((connection) => (
              <ConnectionCard key={connection.name + connection.taskQueue} connection={connection} />
            ))}
          </div>
        )}
      </Section>
    </>
  );
}

function Counts({ home: { counts, missed, workers } }: { home: HomeAnswer }) {
  const missedCount = missed.reduce((sum, { count }) => sum + count, 0);
  const workerCount = workers.reduce((sum, { count }) => sum + count, 0);
  return (
    <dl class="counts">
      <Count name="Running" value={counts.running} tone="busy" />
      <Count name="Waiting for people" value={counts.waiting} tone="people" />
      <Count name="Failed in 24 h" value={counts.failed} tone="bad" />
      <Count name="Missed starts" value={missedCount} tone="retry" />
      <Count
        name={workerCount === 1 ? 'Worker' : 'Workers'}
        value={workerCount}
        tone={workerCount === 0 ? 'bad' : 'idle'}
        always
      />
    </dl>
  );
}

function Count({
  name,
  value,
  tone,
  always = false,
}: {
  name: string;
  value: number;
  tone: string;
  always?: boolean;
}) {
  return (
    <div class={value > 0 || always ? tone : 'none'}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Asks({ run }: { run: RunRow & { ask: Ask | null } }) {
  const { ask, workflowId } = run;
  if (!ask) return <a href={runHref(run)}>Look at it</a>;
  const { step, kind } = ask;
  const text = promptOf(ask.text);
  return (
    <div class="asks">
      <span class="said" title={text}>
        {step && <b>{step}: </b>}
        {text}
      </span>
      {kind === 'approval' && step && (
        <>
          <ActionButton
            request={{ action: 'approve', workflowId, step }}
            label="Approve"
            kind="primary"
            about={`${step} of ${workflowId}`}
          />
          <ActionButton
            request={{ action: 'reject', workflowId, step }}
            label="Reject"
            about={`${step} of ${workflowId}`}
          />
        </>
      )}
      {kind === 'decision' && step && (
        <>
          <ActionButton
            request={{ action: 'retryStep', workflowId, step }}
            label="Retry"
            about={`${step} of ${workflowId}`}
          />
          <ActionButton
            request={{ action: 'skipStep', workflowId, step }}
            label="Skip"
            about={`${step} of ${workflowId}`}
          />
        </>
      )}
      {kind === 'paused' && (
        <ActionButton request={{ action: 'resume', workflowId }} label="Resume" about={workflowId} />
      )}
    </div>
  );
}

function MissedTable({ missed }: { missed: readonly MissedRow[] }) {
  return (
    <Table caption="Missed starts" columns={['Schedule', 'Missing', 'Why', 'To fill the gap']}>
      {missed.map(({ schedule, from, to, count, kind, fill }) => (
        <tr key={schedule + kind + from}>
          <td>
            <a href={href(['pipelines', schedule], { tab: 'schedule' })}>{schedule}</a>
          </td>
          <td>{count === 1 ? from : `${count}: ${from} to ${to}`}</td>
          <td>{MISSED_WORDS[kind]}</td>
          <td>
            {fill === null ? (
              <span class="dim">starts by itself</span>
            ) : (
              <a href={href(['backfills', 'new'], { pipeline: schedule, from, to })}>Plan a backfill</a>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** How a connection to Hex is: its limits, its line, and what Hex refuses. */
export function ConnectionCard({ connection }: { connection: ConnectionState }) {
  const { name, taskQueue, budgets, inLine, penalty, lastRefusal, unreachableSince } = connection;
  return (
    <div class="card">
      <h3>
        {name} <span class="dim">{taskQueue}</span>
      </h3>
      {unreachableSince !== null && (
        <p class="bad-text">
          Hex cannot be reached since <Time at={unreachableSince} /> (<Ago at={unreachableSince} />)
        </p>
      )}
      {penalty && (
        <p class="retry-text">
          {penalty.text}, until <Time at={penalty.until} />
        </p>
      )}
      {lastRefusal && !penalty && (
        <p class="dim">
          {lastRefusal.text}, <Ago at={lastRefusal.at} />
        </p>
      )}
      {budgets ? (
        <>
          <BudgetBar name="Starts a minute" budget={budgets.startsPerMinute} />
          <BudgetBar name="Starts an hour" budget={budgets.startsPerHour} />
          <BudgetBar name="Kernels" budget={budgets.kernels} />
          {budgets.readsPerMinute ? (
            <BudgetBar name="Reads a minute" budget={budgets.readsPerMinute} />
          ) : (
            <p class="dim">Reads a minute: no worker has told of any yet.</p>
          )}
        </>
      ) : (
        <p class="dim">
          Its limiter does not answer, so there are no figures: with HEX_LIMITS=off there is none.
        </p>
      )}
      {inLine !== null && (
        <p>
          <a href={href(['line'])}>{inLine === 0 ? 'Nobody in line' : `${inLine} in line`}</a>
        </p>
      )}
    </div>
  );
}
