import { formatDuration } from '../../../base/duration.js';
import { median } from '../../../base/median.js';

const WIDTH = 80;
const HEIGHT = 22;
const MARGIN = 2;

/** Durations in ms, oldest first, as a line from zero. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const middle = median([...values]);
  const last = values.at(-1);
  if (values.length < 2 || middle === null || last === undefined) return <span class="faint">–</span>;
  const most = Math.max(...values, 1);
  const points = values.map((value, index) => [
    round(MARGIN + (index / (values.length - 1)) * (WIDTH - 2 * MARGIN)),
    round(HEIGHT - MARGIN - (value / most) * (HEIGHT - 2 * MARGIN)),
  ]);
  const end = points.at(-1);
  return (
    <svg
      class="sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`the last took ${formatDuration(last)}, usually ${formatDuration(middle)}`}
    >
      <polyline points={points.join(' ')} />
      {end && <circle cx={end[0]} cy={end[1]} r="2" />}
    </svg>
  );
}

const round = (value: number) => Math.round(value * 10) / 10;
