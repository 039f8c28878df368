import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { executionLook, type Look } from '../lib/status.js';
import { Cells, PITCH } from './cells.js';
import { type Place, useCursor } from './cursor.js';

/** One run: a column. */
export interface GridColumn {
  key: string;
  /** What the run is about: its partition, or its time. */
  label: string;
  /** Such as `25`, where a mark stands above the column; else empty. */
  tick: string;
  status: string;
  durationMs: number | null;
  /** Page of the run. */
  href: string;
}

interface RunGridProps {
  /** Ids of the steps. */
  steps: readonly string[];
  columns: readonly GridColumn[];
  look: (row: number, column: number) => Look | null;
  /** What a cell says in words, beside its step and its run. */
  describe: (row: number, column: number) => string;
  selected: Place | null;
  onSelect: (place: Place) => void;
  onOpenRun: (column: number) => void;
}

const HEAD_HEIGHT = 56;

/** Steps by runs. The cells are one picture; for the keyboard and for screen readers, it is a grid of which one cell is there at a time. */
export function RunGrid({ steps, columns, look, describe, selected, onSelect, onOpenRun }: RunGridProps) {
  const [rows, count] = [steps.length, columns.length];
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<Place | null>(null);
  const [focused, setFocused] = useState(false);
  const open = (place: Place) => (place.row < 0 ? onOpenRun(place.column) : onSelect(place));
  const { cursor, moveTo, onKeyDown } = useCursor({
    rows,
    columns: count,
    start: selected ?? { row: 0, column: count - 1 },
    top: -1,
    onOpen: open,
  });
  const longest = Math.max(1, ...columns.map(({ durationMs }) => durationMs ?? 0));

  // The newest runs are on the right, and are what people come for.
  useEffect(() => {
    const box = scroller.current;
    if (box) box.scrollLeft = box.scrollWidth;
  }, [columns[0]?.key, count]);

  useEffect(() => {
    const box = scroller.current;
    if (box && focused) keepInView(box, cursor);
  }, [cursor.row, cursor.column, focused]);

  const placeAt = (event: MouseEvent): Place | null => {
    const picture = event.currentTarget as SVGElement;
    const box = picture.getBoundingClientRect();
    const place = {
      row: Math.floor((event.clientY - box.top) / PITCH),
      column: Math.floor((event.clientX - box.left) / PITCH),
    };
    return place.row >= 0 && place.row < rows && place.column >= 0 && place.column < count ? place : null;
  };
  const shown = hover ?? (focused ? cursor : null);
  const cellId = `${id}-cell`;
  const words = ({ row, column }: Place) =>
    `${steps[row] ?? ''}, ${columns[column]?.label ?? ''}: ${describe(row, column)}`;

  return (
    <div
      class="run-grid"
      ref={scroller}
      role="grid"
      aria-label="Steps by runs"
      aria-rowcount={rows + 1}
      aria-colcount={count + 1}
      aria-activedescendant={cursor.row < 0 ? `${id}-head-${cursor.column}` : cellId}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <div class="run-grid-head" role="row" aria-rowindex={1}>
        <span role="columnheader" class="run-grid-corner">
          Step
        </span>
        {columns.map((column, index) => (
          <span
            key={column.key}
            id={`${id}-head-${index}`}
            role="columnheader"
            aria-colindex={index + 2}
            class={`run-head${focused && cursor.row < 0 && cursor.column === index ? ' at' : ''}`}
          >
            <a
              href={column.href}
              tabIndex={-1}
              title={`${column.label}: ${executionLook(column.status).word}`}
            >
              <span class="visually-hidden">
                {column.label}, {executionLook(column.status).word}
              </span>
              <span class="tick" aria-hidden="true">
                {column.tick}
              </span>
              <svg width={PITCH} height={HEAD_HEIGHT - 20} aria-hidden="true">
                <HeadBar status={column.status} share={(column.durationMs ?? 0) / longest} />
              </svg>
            </a>
          </span>
        ))}
      </div>
      <div class="run-grid-body">
        <div class="run-grid-names" role="rowgroup">
          {steps.map((step, row) => (
            <div key={step} role="row" aria-rowindex={row + 2} class={shown?.row === row ? 'at' : undefined}>
              <span role="rowheader" title={step}>
                {step}
              </span>
              {cursor.row === row && (
                <span
                  role="gridcell"
                  id={cellId}
                  class="visually-hidden"
                  aria-colindex={cursor.column + 2}
                  aria-selected={selected?.row === row && selected.column === cursor.column}
                >
                  {words(cursor)}
                </span>
              )}
            </div>
          ))}
        </div>
        <svg
          class="run-grid-cells"
          width={count * PITCH}
          height={rows * PITCH}
          aria-hidden="true"
          onMouseMove={(event) => setHover(placeAt(event))}
          onMouseLeave={() => setHover(null)}
          onClick={(event) => {
            const place = placeAt(event);
            if (!place) return;
            moveTo(place);
            onSelect(place);
          }}
        >
          {shown && shown.row >= 0 && (
            <path
              class="cross"
              d={`M0 ${shown.row * PITCH}h${count * PITCH}v${PITCH}H0zM${shown.column * PITCH} 0v${rows * PITCH}h${PITCH}V0z`}
            />
          )}
          <Cells rows={rows} columns={count} look={look} data={[steps, columns, look]} />
          {selected && <CellFrame place={selected} name="selected" />}
          {focused && cursor.row >= 0 && <CellFrame place={cursor} name="cursor" />}
        </svg>
      </div>
      {hover && (
        <div
          class="tip"
          aria-hidden="true"
          style={{
            left: `${tipLeft(hover, count)}px`,
            top: `${HEAD_HEIGHT + (hover.row + 1) * PITCH + 6}px`,
          }}
        >
          {words(hover)}
        </div>
      )}
    </div>
  );
}

function HeadBar({ status, share }: { status: string; share: number }) {
  const height = Math.max(3, Math.round(share * (HEAD_HEIGHT - 24)));
  return (
    <rect
      class={`bar ${executionLook(status).tone}`}
      x="3"
      y={HEAD_HEIGHT - 22 - height}
      width="12"
      height={height}
      rx="1.5"
    />
  );
}

function CellFrame({ place, name }: { place: Place; name: string }) {
  return (
    <rect
      class={name}
      x={place.column * PITCH + 0.5}
      y={place.row * PITCH + 0.5}
      width={PITCH - 1}
      height={PITCH - 1}
      rx="3"
    />
  );
}

/** On the right half the tip opens to the left of its cell. */
const NAMES_WIDTH = 180;
const tipLeft = ({ column }: Place, count: number) =>
  NAMES_WIDTH + Math.max(0, column > count / 2 ? (column - 14) * PITCH : (column + 1) * PITCH);

function keepInView(box: HTMLElement, { row, column }: Place): void {
  const left = column * PITCH;
  const width = box.clientWidth - NAMES_WIDTH;
  if (left < box.scrollLeft) box.scrollLeft = left;
  else if (left + PITCH > box.scrollLeft + width) box.scrollLeft = left + PITCH - width;
  const top = row * PITCH;
  const height = box.clientHeight - HEAD_HEIGHT;
  if (row < 0) box.scrollTop = 0;
  else if (top < box.scrollTop) box.scrollTop = top;
  else if (top + PITCH > box.scrollTop + height) box.scrollTop = top + PITCH - height;
}
