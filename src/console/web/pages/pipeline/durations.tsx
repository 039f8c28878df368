import { formatDuration } from '../../../../base/duration.js';
import type { DurationsAnswer, StripCell } from '../../../contract.js';
import { useAnswer } from '../../lib/answers.js';
import { executionLook } from '../../lib/status.js';
import { niceSteps } from '../../lib/ticks.js';
import { Empty, Loaded, Section } from '../../parts/page.js';
import { RunStrip } from '../../parts/run-strip.js';
import { runHref } from '../../parts/run-table.js';

const HEIGHT = 240;
const BASE = 20;
const LEFT = 56;
const SLOWEST = 5;

/** How long the runs of a pipeline take, and where that goes. */
export function DurationsTab({ name, timezone }: { name: string; timezone: string }) {
  return (
    <Loaded of={useAnswer('/api/pipeline/durations', { name })}>
      {(answer) => <Durations answer={answer} name={name} timezone={timezone} />}
    </Loaded>
  );
}

interface DurationsProps {
  answer: DurationsAnswer;
  name: string;
  timezone: string;
}

function Durations({ answer, name, timezone }: DurationsProps) {
  const { runs, medianMs, p90Ms, trendPercent } = answer;
  if (runs.length === 0)
    return <Empty title="No run has ended yet.">Durations are shown once one has.</Empty>;
  const slowest = [...runs].sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST);
  return (
    <>
      <dl class="counts">
        <Figure name="Median" text={medianMs === null ? '–' : formatDuration(medianMs)} />
        <Figure name="9 of 10 within" text={p90Ms === null ? '–' : formatDuration(p90Ms)} />
        <Figure
          name="Trend a month"
          text={trendPercent === null ? '–' : `${trendPercent > 0 ? '+' : ''}${Math.round(trendPercent)} %`}
        />
        <Figure name="Runs" text={String(runs.length)} />
      </dl>
      <Chart runs={runs} medianMs={medianMs} />
      <RunStrip title="The slowest" runs={slowest} left={0} timezone={timezone} />
      <InHex name={name} />
    </>
  );
}

/** What its runs took in Hex; nothing until it is known. */
function InHex({ name }: { name: string }) {
  const stats = useAnswer('/api/pipeline/stats', { name }).answer?.stats;
  if (!stats) return null;
  const { runs, failed, reads, readsSaved, delayMs, rateLimited, kernelMinutes } = stats;
  return (
    <Section title={`In Hex: the last ${runs + failed} runs of a week`}>
      <dl class="counts">
        <Figure name="Kernels" text={formatDuration(kernelMinutes * 60_000)} />
        <Figure name="Reads" text={`${reads} (${readsSaved} saved)`} />
        <Figure name="Ends seen after" text={delayMs === null ? '–' : formatDuration(delayMs.median)} />
        <Figure name="429s met" text={String(rateLimited)} />
        <Figure name="Second runs avoided" text={String(stats.secondRunsAvoided)} />
        <Figure name="Adopted" text={String(stats.adopted)} />
      </dl>
    </Section>
  );
}

function Figure({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

function Chart({ runs, medianMs }: { runs: readonly StripCell[]; medianMs: number | null }) {
  const pitch = Math.max(4, Math.min(16, Math.floor(1_000 / runs.length)));
  const width = LEFT + runs.length * pitch + 4;
  const most = Math.max(1, ...runs.map(({ durationMs }) => durationMs));
  const y = (ms: number) => HEIGHT - BASE - (ms / most) * (HEIGHT - BASE - 10);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <div class="chart-box" role="region" aria-label="Durations, oldest on the left" tabIndex={0}>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="group"
        aria-label={`${runs.length} durations, at most ${formatDuration(most)}`}
      >
        {niceSteps(most).map((ms) => (
          <g key={ms}>
            <path class="rule" d={`M${LEFT} ${y(ms)}H${width}`} />
            <text x={LEFT - 6} y={y(ms) + 4} text-anchor="end">
              {formatDuration(ms)}
            </text>
          </g>
        ))}
        {runs.map((run, index) => (
          <a key={run.runId} href={runHref(run)} tabIndex={-1}>
            <title>{`${run.label}: ${executionLook(run.status).word}, ${formatDuration(run.durationMs)}`}</title>
            <rect class="hit" x={LEFT + index * pitch} y="0" width={pitch} height={HEIGHT - BASE} />
            <rect
              class={`bar ${executionLook(run.status).tone}`}
              x={LEFT + index * pitch}
              y={Math.min(y(run.durationMs), HEIGHT - BASE - 2)}
              width={pitch - 1}
              height={Math.max(2, HEIGHT - BASE - y(run.durationMs))}
            />
          </a>
        ))}
        {medianMs !== null && <path class="median" d={`M${LEFT} ${y(medianMs)}H${width}`} />}
        <text x={LEFT} y={HEIGHT - 5}>
          {runs[0]?.label}
        </text>
        <text x={width - 4} y={HEIGHT - 5} text-anchor="end">
          {runs.at(-1)?.label}
        </text>
      </svg>
    </div>
  );
}
