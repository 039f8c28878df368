import type { RunAnswer } from '../../../contract.js';
import { triggerWords } from '../../lib/trigger.js';
import { TemporalFact } from '../../parts/hex-link.js';
import { pipelineHref, runHref } from '../../parts/run-table.js';
import { Time } from '../../parts/time.js';

/** What a run is about, and where it belongs. */
export function RunFacts({ answer }: { answer: RunAnswer }) {
  const { run, description, source, rerunOf, parent, key, existing, startedBy, temporalUrl, kind } = answer;
  const zone = run.timezone;
  return (
    <dl class="facts wide">
      <dt>{kind === 'run' ? 'Hex run' : 'Pipeline'}</dt>
      <dd>
        {run.pipeline === null ? (
          <span class="dim">{kind === 'run' ? 'by itself' : 'not known'}</span>
        ) : (
          <a href={pipelineHref(run.pipeline)}>{run.pipeline}</a>
        )}{' '}
        {description && <span class="dim">{description}</span>}
      </dd>
      <dt>About</dt>
      <dd>
        {run.partition ?? <Time at={run.scheduledTime} zone={zone} />}
        {run.partition !== null && (
          <span class="dim">
            {' '}
            scheduled for <Time at={run.scheduledTime} zone={zone} />
          </span>
        )}
      </dd>
      <dt>Started</dt>
      <dd>
        <Time at={run.startedAt} zone={zone} /> {triggerWords(run.trigger)}
        {startedBy && <span class="dim"> ({startedBy})</span>}
      </dd>
      <dt>Ended</dt>
      <dd>{run.endedAt ? <Time at={run.endedAt} zone={zone} /> : <span class="dim">not yet</span>}</dd>
      {source && (
        <>
          <dt>File</dt>
          <dd>
            {source.file} <code title={source.sha256}>{source.sha256.slice(0, 12)}</code>
          </dd>
        </>
      )}
      {rerunOf && (
        <>
          <dt>Repeats</dt>
          <dd class="id">
            <a href={runHref(rerunOf)}>{rerunOf.workflowId}</a>
          </dd>
        </>
      )}
      {parent && (
        <>
          <dt>Step of</dt>
          <dd class="id">
            <a href={runHref(parent)}>{parent.workflowId}</a>
          </dd>
        </>
      )}
      {key && (
        <>
          <dt>Key</dt>
          <dd>
            {key}
            {existing && (
              <>
                , which <a href={runHref(existing)}>{existing.workflowId}</a> has
              </>
            )}
          </dd>
        </>
      )}
      <TemporalFact url={temporalUrl} />
    </dl>
  );
}
