import { useId, useState } from 'preact/hooks';
import type { Look } from '../lib/status.js';
import { dateKey, monthName } from '../lib/time.js';
import { Cells, PITCH } from './cells.js';
import { type Place, useCursor } from './cursor.js';

const DAY_MS = 86_400_000;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const LEFT = 32;
const TOP = 18;

interface YearProps {
  year: number;
  /** How a day looks; null for one without a run. */
  look: (day: string) => Look | null;
  /** In words, without the day itself. */
  describe: (day: string) => string;
  selected: string | null;
  onSelect: (day: string) => void;
}

/** A year as weeks by weekdays. As in the grid of steps and runs, the cells are one picture, of which one at a time is there for readers. */
export function Year({ year, look, describe, selected, onSelect }: YearProps) {
  const id = useId();
  const [focused, setFocused] = useState(false);
  const [hover, setHover] = useState<Place | null>(null);
  // Places count from the Monday of the week of 1 January.
  const first = Date.UTC(year, 0, 1);
  const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY_MS;
  const weeks = Math.ceil((Date.UTC(year, 11, 31) - monday + DAY_MS) / (7 * DAY_MS));
  const dayAt = ({ row, column }: Place): string | null => {
    const day = new Date(monday + (column * 7 + row) * DAY_MS);
    return day.getUTCFullYear() === year ? keyOf(day) : null;
  };
  const open = (place: Place) => {
    const day = dayAt(place);
    if (day) onSelect(day);
  };
  const { cursor, moveTo, onKeyDown } = useCursor({
    rows: 7,
    columns: weeks,
    start: placeOf(selected, monday) ?? { row: 0, column: 0 },
    onOpen: open,
  });
  const placeAt = (event: MouseEvent): Place | null => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const place = {
      row: Math.floor((event.clientY - box.top - TOP) / PITCH),
      column: Math.floor((event.clientX - box.left - LEFT) / PITCH),
    };
    return place.row >= 0 && place.row < 7 && place.column >= 0 && place.column < weeks ? place : null;
  };
  const words = (place: Place) => {
    const day = dayAt(place);
    return day === null ? `not in ${year}` : `${day}: ${describe(day)}`;
  };
  const marked = placeOf(selected, monday);
  const shown = hover ?? (focused ? cursor : null);
  return (
    <div
      class="year"
      role="grid"
      aria-label={`Days of ${year} by outcome`}
      aria-rowcount={7}
      aria-colcount={weeks}
      aria-activedescendant={`${id}-day`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <div role="row" aria-rowindex={cursor.row + 1} class="visually-hidden">
        <span role="gridcell" id={`${id}-day`} aria-colindex={cursor.column + 1}>
          {words(cursor)}
        </span>
      </div>
      <svg
        width={LEFT + weeks * PITCH}
        height={TOP + 7 * PITCH}
        aria-hidden="true"
        onMouseMove={(event) => setHover(placeAt(event))}
        onMouseLeave={() => setHover(null)}
        onClick={(event) => {
          const place = placeAt(event);
          if (!place) return;
          moveTo(place);
          open(place);
        }}
      >
        {Array.from({ length: 12 }, (_, month) => (
          <text
            key={month}
            x={LEFT + Math.ceil((Date.UTC(year, month, 1) - monday) / (7 * DAY_MS)) * PITCH + 2}
            y="12"
          >
            {monthName(month + 1)}
          </text>
        ))}
        {[0, 2, 4].map((row) => (
          <text key={row} x="0" y={TOP + row * PITCH + 13}>
            {WEEKDAYS[row]}
          </text>
        ))}
        <g transform={`translate(${LEFT} ${TOP})`}>
          <path class="no-runs" d={emptyDays(weeks, (place) => dayAt(place) !== null)} />
          <Cells
            rows={7}
            columns={weeks}
            look={(row, column) => {
              const day = dayAt({ row, column });
              return day === null ? null : look(day);
            }}
            data={[year, look]}
          />
          {marked && <Frame place={marked} name="selected" />}
          {focused && <Frame place={cursor} name="cursor" />}
        </g>
      </svg>
      <p class="year-words dim" aria-hidden="true">
        {shown ? words(shown) : '\u00a0'}
      </p>
    </div>
  );
}

function Frame({ place: { row, column }, name }: { place: Place; name: string }) {
  return (
    <rect
      class={name}
      x={column * PITCH + 0.5}
      y={row * PITCH + 0.5}
      width={PITCH - 1}
      height={PITCH - 1}
      rx="3"
    />
  );
}

function placeOf(day: string | null, monday: number): Place | null {
  const ms = day === null ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(ms)) return null;
  const index = Math.round((ms - monday) / DAY_MS);
  return { row: index % 7, column: Math.floor(index / 7) };
}

const keyOf = (day: Date) =>
  dateKey({ year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate() });

function emptyDays(weeks: number, there: (place: Place) => boolean): string {
  const boxes: string[] = [];
  for (let column = 0; column < weeks; column++) {
    for (let row = 0; row < 7; row++) {
      if (there({ row, column })) boxes.push(`M${column * PITCH + 3} ${row * PITCH + 3}h12v12h-12z`);
    }
  }
  return boxes.join('');
}
