import { useMemo } from 'preact/hooks';
import type { GridRun, PipelineAnswer } from '../../../contract.js';
import { cellLook } from '../../lib/cells.js';
import { nowHour } from '../../lib/clock.js';
import { href, navigate, queryValue, setQuery } from '../../lib/route.js';
import { executionLook } from '../../lib/status.js';
import { dayTicks } from '../../lib/ticks.js';
import { shortTime, wallTime } from '../../lib/time.js';
import { triggerWords } from '../../lib/trigger.js';
import { zoneFor } from '../../lib/zone.js';
import { Legend } from '../../parts/legend.js';
import { Empty } from '../../parts/page.js';
import { type GridColumn, RunGrid } from '../../parts/run-grid.js';
import { runHref } from '../../parts/run-table.js';
import { StatusWord } from '../../parts/status-mark.js';
import { Elapsed, Time } from '../../parts/time.js';
import { StepDetails } from '../run/step-details.js';

/** Steps by runs, the newest on the right, and what is known of the chosen cell. */
export function GridTab({ pipeline: { name, grid, timezone } }: { pipeline: PipelineAnswer }) {
  const zone = zoneFor(timezone);
  const runs = useMemo(() => [...grid.runs].reverse(), [grid.runs]);
  const columns = useMemo(() => columnsOf(runs, zone), [runs, zone]);
  const steps = useMemo(() => grid.steps.map(({ id }) => id), [grid.steps]);
  const look = useMemo(
    () => (row: number, column: number) => cellLook(runs[column]?.cells ?? null, row),
    [runs],
  );
  const chosen = { step: queryValue('step'), run: queryValue('run') };
  const row = steps.indexOf(chosen.step ?? '');
  const column = runs.findIndex(({ runId }) => runId === chosen.run);
  const run = runs[column];
  const chosenLook = run && row >= 0 ? look(row, column) : null;

  if (runs.length === 0)
    return (
      <Empty title={queryValue('before') ? 'There are no older runs.' : `${name} has not run yet.`}>
        {queryValue('before') ? (
          <a href={href(['pipelines', name])}>Back to the newest</a>
        ) : (
          <a href={href(['pipelines', name, 'start'])}>Start it now</a>
        )}
      </Empty>
    );
  return (
    <div class="grid-and-details">
      <div>
        <RunGrid
          steps={steps}
          columns={columns}
          look={look}
          describe={(at, which) =>
            at < 0 ? executionLook(runs[which]?.status ?? '').word : (look(at, which)?.word ?? 'no such step')
          }
          selected={row >= 0 && column >= 0 ? { row, column } : null}
          onSelect={(place) =>
            setQuery({ step: steps[place.row] ?? null, run: runs[place.column]?.runId ?? null })
          }
          onOpenRun={(which) => {
            const to = columns[which]?.href;
            if (to) navigate(to);
          }}
        />
        <div class="grid-foot">
          <Paging next={grid.next} total={grid.total} shown={runs.length} />
          <Legend />
        </div>
      </div>
      {run && row >= 0 && (
        <aside class="details" aria-label={`${chosen.step} of ${run.workflowId}`}>
          <header>
            <h2>{chosen.step}</h2>
            <button
              type="button"
              class="quiet icon"
              aria-label="Close"
              onClick={() => setQuery({ step: null, run: null })}
            >
              ×
            </button>
          </header>
          {chosenLook && (
            <p>
              <StatusWord look={chosenLook} />
            </p>
          )}
          <RunFacts run={run} timezone={timezone} />
          <StepDetails
            workflowId={run.workflowId}
            runId={run.runId}
            step={chosen.step ?? ''}
            timezone={timezone}
          />
        </aside>
      )}
    </div>
  );
}

function RunFacts({ run, timezone }: { run: GridRun; timezone: string }) {
  return (
    <dl class="facts">
      <dt>Run</dt>
      <dd class="id">
        <a href={runHref(run)}>{run.workflowId}</a>
      </dd>
      <dt>About</dt>
      <dd>{run.partition ?? <Time at={run.scheduledTime} zone={timezone} />}</dd>
      <dt>Of the run</dt>
      <dd>
        <StatusWord look={executionLook(run.status)} /> <Elapsed from={run.startedAt} to={run.endedAt} />
      </dd>
      <dt>Started</dt>
      <dd>
        <Time at={run.startedAt} zone={timezone} /> <span class="dim">{triggerWords(run.trigger)}</span>
      </dd>
    </dl>
  );
}

function Paging({ next, total, shown }: { next: string | null; total: number; shown: number }) {
  const before = queryValue('before');
  return (
    <div class="paging">
      <span class="dim">
        {shown} of {total} runs
      </span>
      <button
        type="button"
        class="quiet"
        disabled={next === null}
        onClick={() => setQuery({ before: next, step: null, run: null }, { push: true })}
      >
        ← Older
      </button>
      {before !== null && (
        <button
          type="button"
          class="quiet"
          onClick={() => setQuery({ before: null, step: null, run: null }, { push: true })}
        >
          Newest
        </button>
      )}
    </div>
  );
}

function columnsOf(runs: readonly GridRun[], zone: string): GridColumn[] {
  const days = runs.map(({ scheduledTime }) => wallTime(Date.parse(scheduledTime), zone));
  const ticks = dayTicks(days);
  return runs.map((run, index) => ({
    key: run.runId,
    label: run.partition ?? shortTime(Date.parse(run.scheduledTime), zone, nowHour.peek()),
    tick: ticks[index] ?? '',
    status: run.status,
    durationMs: run.durationMs,
    href: runHref(run),
  }));
}
