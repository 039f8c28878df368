import type { RunAction, RunAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { useMe } from '../lib/me.js';
import { href, queryValue, setQuery } from '../lib/route.js';
import { executionLook, stepLook } from '../lib/status.js';
import { ActionButton } from '../parts/actions.js';
import { Failure } from '../parts/failure.js';
import { Gantt } from '../parts/gantt.js';
import { Graph } from '../parts/graph.js';
import { Json } from '../parts/json.js';
import { Loaded, Page, Section, TabPanel, Tabs, tabOf } from '../parts/page.js';
import { StatusWord } from '../parts/status-mark.js';
import { Elapsed, Expected } from '../parts/time.js';
import { Audit } from './run/audit.js';
import { RunFacts } from './run/facts.js';
import { stepNote } from './run/note.js';
import { StepPanel } from './run/step-panel.js';
import { StepsTable } from './run/steps-table.js';

const TABS = [
  ['steps', 'Steps'],
  ['graph', 'Graph'],
  ['time', 'Time'],
  ['params', 'Parameters'],
  ['audit', 'Audit'],
] as const;

/** What is done with a whole run, in the order of the buttons. */
const WHOLE = [
  ['pollNow', 'Read the status now', 'quiet'],
  ['pause', 'Pause', 'quiet'],
  ['resume', 'Resume', 'primary'],
  ['moveToFront', 'Move to the front', 'quiet'],
  ['rerun', 'Run again', 'primary'],
  ['cancel', 'Cancel', 'danger'],
] as const satisfies readonly (readonly [RunAction, string, 'quiet' | 'primary' | 'danger'])[];

/** One execution of a pipeline, or a run in Hex by itself. */
export function RunPage({
  workflowId,
  runId = queryValue('run'),
}: {
  workflowId: string;
  runId?: string | null;
}) {
  const known = useAnswer('/api/run', { workflowId, runId });
  const { answer } = known;
  return (
    <Page
      title={workflowId}
      about={answer && <Status run={answer} />}
      actions={answer && <Buttons run={answer} />}
    >
      <Loaded of={known}>{(run) => <Run run={run} />}</Loaded>
    </Page>
  );
}

function Status({ run: { status, run, steps, paused, expectedEnd } }: { run: RunAnswer }) {
  const ended = steps.filter(({ status: state }) => state === 'success').length;
  return (
    <>
      <StatusWord look={executionLook(status)} />
      <span>
        {ended} of {steps.length} steps succeeded
      </span>
      <Elapsed from={run.startedAt} to={run.endedAt} />
      <Expected end={expectedEnd} zone={run.timezone} />
      {paused && (
        <span class="people-text">
          paused by {paused.by}
          {paused.reason && `: ${paused.reason}`}
        </span>
      )}
    </>
  );
}

function Buttons({ run: { run, actions } }: { run: RunAnswer }) {
  const { workflowId, runId } = run;
  return (
    <>
      {WHOLE.filter(([action]) => actions.includes(action)).map(([action, label, kind]) => (
        <ActionButton
          key={action}
          request={
            action === 'cancel' || action === 'rerun' ? { action, workflowId, runId } : { action, workflowId }
          }
          label={label}
          kind={kind}
        />
      ))}
    </>
  );
}

function Run({ run: answer }: { run: RunAnswer }) {
  const { run, steps, graph, gantt, audit, failure, warnings } = answer;
  const tab = tabOf(TABS, 'tab', 'steps');
  const chosen = queryValue('step');
  const step = steps.find(({ id }) => id === chosen) ?? null;
  const choose = (id: string) => setQuery({ step: id === chosen ? null : id });
  return (
    <>
      <RunFacts answer={answer} />
      {failure && <Failure error={failure} step={failure.step} />}
      {warnings.length > 0 && (
        <ul class="warnings">
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <Tabs tabs={TABS} current={tab} by="tab" />
      <div class={`grid-and-details${step ? ' both' : ''}`}>
        <TabPanel name={tab}>
          {tab === 'steps' && <StepsTable run={run} steps={steps} selected={chosen} onSelect={choose} />}
          {tab === 'graph' && (
            <Graph
              graph={graph}
              states={
                new Map(steps.map((one) => [one.id, { look: stepLook(one.status), note: stepNote(one) }]))
              }
              selected={chosen}
              onSelect={choose}
            />
          )}
          {tab === 'time' && <Gantt gantt={gantt} zone={run.timezone} selected={chosen} onSelect={choose} />}
          {tab === 'params' && <Params run={answer} />}
          {tab === 'audit' && <Audit audit={audit} zone={run.timezone} />}
        </TabPanel>
        {step && <StepPanel run={run} step={step} onClose={() => setQuery({ step: null })} />}
      </div>
      {run.status === 'running' && steps.length === 0 && (
        <Section title="Steps">
          <p class="dim">No worker has begun it yet.</p>
        </Section>
      )}
    </>
  );
}

function Params({ run: { run, params, actions } }: { run: RunAnswer }) {
  const me = useMe();
  if (Object.keys(params).length === 0) return <p class="dim">It has no parameters.</p>;
  return (
    <>
      <Json value={params} />
      {actions.includes('rerun') && me && !me.readOnly && (
        <p>
          <a class="button" href={href(['runs', run.workflowId, 'again'], { run: run.runId })}>
            Run again with other values…
          </a>
        </p>
      )}
    </>
  );
}
