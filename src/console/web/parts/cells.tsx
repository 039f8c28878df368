import { useMemo } from 'preact/hooks';
import { glyphPath, type Look } from '../lib/status.js';

/** From one cell to the next. The glyphs are drawn for a box of 16. */
export const PITCH = 18;

interface CellsProps {
  rows: number;
  columns: number;
  /** How a cell looks; null where there is nothing. */
  look: (row: number, column: number) => Look | null;
  /** What the looks depend on: the cells are drawn anew when one of these changes. */
  data: readonly unknown[];
}

/**
 * Many cells as a few paths, one for each look: thousands of elements would take a browser hundreds of milliseconds. Success has
 * no glyph, so that what is not a success stands out.
 */
export function Cells({ rows, columns, look, data }: CellsProps) {
  return useMemo(() => {
    const paths = new Map<string, { look: Look; boxes: string[]; glyphs: string[] }>();
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const one = look(row, column);
        if (one) add(paths, one, column * PITCH, row * PITCH);
      }
    }
    return (
      <g>
        {[...paths].map(([key, { look: one, boxes, glyphs }]) => (
          <g key={key} class={`cells ${one.tone} ${one.outline}`}>
            <path class="outline" d={boxes.join('')} />
            {glyphs.length > 0 && <path class="glyph" d={glyphs.join('')} />}
          </g>
        ))}
      </g>
    );
  }, data);
}

function add(
  paths: Map<string, { look: Look; boxes: string[]; glyphs: string[] }>,
  look: Look,
  x: number,
  y: number,
): void {
  let found = paths.get(look.word);
  if (!found) {
    found = { look, boxes: [], glyphs: [] };
    paths.set(look.word, found);
  }
  found.boxes.push(`M${x + 3} ${y + 3}h12v12h-12z`);
  if (look.tone !== 'ok') found.glyphs.push(glyphPath(look, x + 1, y + 1));
}
