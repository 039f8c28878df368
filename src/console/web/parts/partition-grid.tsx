import { useId, useRef, useState } from 'preact/hooks';
import type { Look } from '../lib/status.js';
import { Cells, PITCH } from './cells.js';
import { useCursor } from './cursor.js';

interface PartitionGridProps {
  label: string;
  partitions: readonly string[];
  look: (index: number) => Look | null;
  /** What the looks depend on. */
  data: unknown;
  onSelect?: (index: number) => void;
}

const COLUMNS = 31;

/** Many partitions, a cell each, 31 in a row. */
export function PartitionGrid({ label, partitions, look, data, onSelect }: PartitionGridProps) {
  const id = useId();
  const [focused, setFocused] = useState(false);
  const [hover, setHover] = useState<number | null>(null);
  const picture = useRef<SVGSVGElement>(null);
  const columns = Math.min(COLUMNS, partitions.length);
  // None at all where the plan is not known yet.
  const rows = Math.ceil(partitions.length / COLUMNS);
  const indexAt = ({ row, column }: { row: number; column: number }) => row * columns + column;
  const { cursor, moveTo, onKeyDown } = useCursor({
    rows,
    columns,
    start: { row: 0, column: 0 },
    onOpen: (place) => indexAt(place) < partitions.length && onSelect?.(indexAt(place)),
  });
  const under = (event: MouseEvent): number | null => {
    const box = picture.current?.getBoundingClientRect();
    if (!box) return null;
    const place = {
      row: Math.floor((event.clientY - box.top) / PITCH),
      column: Math.floor((event.clientX - box.left) / PITCH),
    };
    const index = indexAt(place);
    return place.column < columns && index >= 0 && index < partitions.length ? index : null;
  };
  const words = (index: number) =>
    partitions[index] === undefined ? '' : `${partitions[index]}: ${look(index)?.word ?? ''}`;
  const shown = hover ?? (focused ? indexAt(cursor) : null);
  return (
    <div
      class="partition-grid"
      role="grid"
      aria-label={label}
      aria-rowcount={rows}
      aria-colcount={columns}
      aria-activedescendant={`${id}-cell`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <div role="row" aria-rowindex={cursor.row + 1} class="visually-hidden">
        <span role="gridcell" id={`${id}-cell`} aria-colindex={cursor.column + 1}>
          {words(indexAt(cursor))}
        </span>
      </div>
      <svg
        ref={picture}
        width={columns * PITCH}
        height={rows * PITCH}
        aria-hidden="true"
        onMouseMove={(event) => setHover(under(event))}
        onMouseLeave={() => setHover(null)}
        onClick={(event) => {
          const index = under(event);
          if (index === null) return;
          moveTo({ row: Math.floor(index / columns), column: index % columns });
          onSelect?.(index);
        }}
      >
        <Cells
          rows={rows}
          columns={columns}
          look={(row, column) =>
            indexAt({ row, column }) < partitions.length ? look(indexAt({ row, column })) : null
          }
          data={[partitions, data]}
        />
        {focused && (
          <rect
            class="cursor"
            x={cursor.column * PITCH + 0.5}
            y={cursor.row * PITCH + 0.5}
            width={PITCH - 1}
            height={PITCH - 1}
            rx="3"
          />
        )}
      </svg>
      <p class="dim" aria-hidden="true">
        {shown === null ? `${partitions[0] ?? ''} to ${partitions.at(-1) ?? ''}` : words(shown)}
      </p>
    </div>
  );
}
