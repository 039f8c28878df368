import { formatDuration } from '../../../base/duration.js';
import type { GanttBar, GanttForecast, Gantt as Rows } from '../../contract.js';
import { now } from '../lib/clock.js';
import { niceStep } from '../lib/ticks.js';
import { isNearClockChange, shortTime, wallTime } from '../lib/time.js';
import { zoneFor } from '../lib/zone.js';

const ROW = 26;
const HEAD = 26;
const WIDTH = 900;
const LEAST_BAR = 3;

const WORDS: Record<GanttBar['kind'], string> = {
  queued: 'waits for a place',
  line: "in line under Hex's limits",
  hex: 'runs in Hex',
  work: 'works',
  retry: 'waits for the next attempt',
  people: 'waits for people',
};

interface GanttProps {
  gantt: Rows;
  zone: string | null | undefined;
  selected: string | null;
  onSelect: (step: string) => void;
}

/** Where the time of a run went: a row a step, with its waits and attempts. */
export function Gantt({ gantt, zone, selected, onSelect }: GanttProps) {
  const { from, to, rows, forecast } = gantt;
  const running = to === null;
  const at = running ? now.value : to;
  const ends = [forecast, ...rows.map((row) => row.forecast)].map((expected) => expected?.p90 ?? at);
  const end = Math.max(at, from + 1_000, ...(running ? ends : []));
  const x = (ms: number) => round(((Math.min(ms, end) - from) / (end - from)) * WIDTH);
  const height = HEAD + rows.length * ROW;
  const step = niceStep(end - from, 8);
  const shownZone = zoneFor(zone);
  return (
    <>
      <div class="gantt">
        <div class="gantt-names">
          {rows.map(({ step: id }) => (
            <button
              key={id}
              type="button"
              class="quiet"
              aria-pressed={selected === id}
              title={id}
              onClick={() => onSelect(id)}
            >
              {id}
            </button>
          ))}
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
        <div class="gantt-bars" role="region" aria-label="Time by step" tabIndex={0}>
          <svg
            width={WIDTH}
            height={height}
            viewBox={`0 0 ${WIDTH} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={inWords(gantt, at, shownZone)}
          >
            {ticksBetween(from, end, step, shownZone).map(({ ms, text }) => (
              <g key={ms}>
                <path class="rule" d={`M${x(ms)} ${HEAD - 8}V${height}`} />
                <text x={x(ms) + 4} y="14">
                  {text}
                </text>
              </g>
            ))}
            {forecast && running && (
              <rect
                class="forecast"
                x={x(forecast.p50)}
                y={HEAD}
                width={Math.max(2, x(forecast.p90) - x(forecast.p50))}
                height={height - HEAD}
              >
                <title>{`all of it: ${forecastWords(forecast, at, shownZone)}`}</title>
              </rect>
            )}
            {rows.map(({ step: id, bars, forecast: expected }, row) => (
              <g key={id}>
                {selected === id && <rect class="row-at" y={HEAD + row * ROW} width={WIDTH} height={ROW} />}
                {bars.map((bar) => (
                  <rect
                    key={`${bar.item}/${bar.attempt}/${bar.kind}/${bar.from}`}
                    class={`gantt-bar ${bar.kind} ${bar.outcome ?? (bar.to === null ? 'open' : '')}`}
                    x={x(bar.from)}
                    y={HEAD + row * ROW + (isWait(bar) ? 9 : 5)}
                    width={Math.max(LEAST_BAR, x(bar.to ?? at) - x(bar.from))}
                    height={isWait(bar) ? 8 : 16}
                    rx="2"
                  >
                    <title>{barWords(id, bar, at)}</title>
                  </rect>
                ))}
                <path class="gantt-cross" d={crosses(bars, x, at, HEAD + row * ROW + ROW / 2)} />
                {running && expected && (
                  <Expected of={expected} step={id} y={HEAD + row * ROW} {...{ at, x, zone: shownZone }} />
                )}
              </g>
            ))}
            {running && <path class="now" d={`M${x(at)} ${HEAD - 4}V${height}`} />}
          </svg>
        </div>
      </div>
      <ul class="legend" aria-label="Legend">
        {(['hex', 'work', 'line', 'queued', 'retry', 'people'] as const).map((kind) => (
          <li key={kind}>
            <svg width="18" height="12" aria-hidden="true">
              <rect
                class={`gantt-bar ${kind}`}
                y={kind === 'hex' || kind === 'work' ? 1 : 3}
                width="18"
                height={kind === 'hex' || kind === 'work' ? 10 : 6}
                rx="2"
              />
            </svg>{' '}
            {WORDS[kind]}
          </li>
        ))}
        {running && rows.some(({ forecast: expected }) => expected) && (
          <li>
            <svg width="30" height="12" aria-hidden="true">
              <rect class="expected" y="1" width="18" height="10" />
              <rect class="expected late" x="18" y="3" width="12" height="6" />
            </svg>{' '}
            expected: half of its like end by the first, nine of ten by the second
          </li>
        )}
        {running && forecast && (
          <li>
            <svg width="18" height="12" aria-hidden="true">
              <rect class="forecast" x="1" y="1" width="16" height="10" />
            </svg>{' '}
            all of it is expected to end in between
          </li>
        )}
      </ul>
    </>
  );
}

/** What is still to come of a step: until half of its like have ended, and until nine of ten have. */
function Expected({
  of: { from, p50, p90 },
  step,
  at,
  x,
  y,
  zone,
}: {
  of: GanttForecast;
  step: string;
  at: number;
  x: (ms: number) => number;
  y: number;
  zone: string;
}) {
  if (p90 <= at) return null;
  const begins = Math.max(at, from ?? at);
  const half = Math.max(begins, p50);
  return (
    <g>
      <title>{`${step}: ${forecastWords({ from, p50, p90 }, at, zone)}`}</title>
      {half > begins && (
        <rect class="expected" x={x(begins)} y={y + 5} width={x(half) - x(begins)} height="16" />
      )}
      <rect class="expected late" x={x(half)} y={y + 9} width={Math.max(2, x(p90) - x(half))} height="8" />
    </g>
  );
}

/** A failed bar has a cross at its end: red alone would not do. */
function crosses(bars: readonly GanttBar[], x: (ms: number) => number, at: number, y: number): string {
  return bars
    .filter(({ outcome }) => outcome === 'failed')
    .map((bar) => ({ left: x(bar.from), right: x(bar.to ?? at) }))
    .filter(({ left, right }) => right - left > 12)
    .map(({ right }) => `M${right - 10} ${y - 3}l6 6M${right - 4} ${y - 3}l-6 6`)
    .join('');
}

const isWait = ({ kind }: GanttBar) => kind !== 'hex' && kind !== 'work';

function barWords(step: string, bar: GanttBar, at: number): string {
  const parts = [
    `${step}${bar.item === null ? '' : `/${bar.item}`}${bar.attempt > 1 ? `, attempt ${bar.attempt}` : ''}: ${WORDS[bar.kind]}`,
    formatDuration((bar.to ?? at) - bar.from),
  ];
  if (bar.outcome) parts.push(bar.outcome);
  if (bar.text) parts.push(bar.text);
  return parts.join(', ');
}

/** What is expected, in words; a time that has gone by is now. */
function forecastWords({ from, p50, p90 }: GanttForecast, at: number, zone: string): string {
  const words = (ms: number) => shortTime(Math.max(ms, at), zone, at);
  const begins = from === null ? '' : `to begin about ${words(from)} and `;
  return `expected ${begins}to end about ${words(p50)}, nine of ten by ${words(p90)}`;
}

/** For screen readers: what took longest, and what is expected. The table of steps has all the rest. */
function inWords({ rows, forecast, to }: Rows, at: number, zone: string): string {
  const lengths = rows.map(({ step, bars }) => ({
    step,
    ms: bars.reduce((sum, bar) => sum + (isWait(bar) ? 0 : (bar.to ?? at) - bar.from), 0),
  }));
  const longest = lengths.sort((a, b) => b.ms - a.ms).slice(0, 3);
  const expected = to !== null || !forecast ? '' : `. All of it is ${forecastWords(forecast, at, zone)}`;
  return `Time of ${rows.length} steps. Longest: ${longest.map(({ step, ms }) => `${step} ${formatDuration(ms)}`).join(', ') || 'none yet'}${expected}`;
}

/** Round times of the zone: with its date where a day begins, and its offset where the clocks change. */
function ticksBetween(from: number, to: number, step: number, zone: string): { ms: number; text: string }[] {
  const { offset } = wallTime(from, zone);
  const shift = offsetMs(offset);
  const ticks: { ms: number; text: string }[] = [];
  for (let ms = Math.ceil((from + shift) / step) * step - shift; ms < to; ms += step) {
    const wall = wallTime(ms, zone);
    const time = step < 60_000 ? `${wall.clock}:${wall.seconds}` : wall.clock;
    const date = step >= 86_400_000 ? `${wall.day}.${wall.month}. ` : '';
    ticks.push({ ms, text: `${date}${time}${isNearClockChange(ms, zone) ? ` ${wall.offset}` : ''}` });
  }
  return ticks;
}

function offsetMs(offset: string): number {
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

const round = (value: number) => Math.round(value * 10) / 10;
