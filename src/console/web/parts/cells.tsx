import { Fragment } from 'preact';
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

/** Cells of a block, each way: a browser draws in tiles of about this size, and each tile all of every path that reaches into it. */
const BLOCK = 14;

interface Drawn {
  look: Look;
  blocks: Map<string, { boxes: string[]; glyphs: string[] }>;
}

/**
 * Many cells as a few paths, for each look one a block: thousands of elements would take a browser hundreds of milliseconds, and so would
 * one path of thousands of cells. Success has no glyph, so that what is not a success stands out.
 */
export function Cells({ rows, columns, look, data }: CellsProps) {
  return useMemo(() => {
    const drawn = new Map<string, Drawn>();
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const one = look(row, column);
        if (one) add(drawn, one, row, column);
      }
    }
    return (
      <g>
        {[...drawn].map(([word, { look: one, blocks }]) => (
          <g key={word} class={`cells ${one.tone} ${one.outline}`}>
            {[...blocks].map(([block, { boxes, glyphs }]) => (
              <Fragment key={block}>
                <path class="outline" d={boxes.join('')} />
                {glyphs.length > 0 && <path class="glyph" d={glyphs.join('')} />}
              </Fragment>
            ))}
          </g>
        ))}
      </g>
    );
  }, data);
}

function add(drawn: Map<string, Drawn>, look: Look, row: number, column: number): void {
  let found = drawn.get(look.word);
  if (!found) {
    found = { look, blocks: new Map() };
    drawn.set(look.word, found);
  }
  const at = `${Math.floor(row / BLOCK)}/${Math.floor(column / BLOCK)}`;
  let block = found.blocks.get(at);
  if (!block) {
    block = { boxes: [], glyphs: [] };
    found.blocks.set(at, block);
  }
  const [x, y] = [column * PITCH, row * PITCH];
  // A fill is drawn several times as fast as a fill with an edge: the corners are cut instead.
  block.boxes.push(
    look.outline === 'ring'
      ? `M${x + 3} ${y + 3}h12v12h-12z`
      : `M${x + 3} ${y + 2}h12l1 1v12l-1 1h-12l-1-1v-12z`,
  );
  if (look.tone !== 'ok') block.glyphs.push(glyphPath(look, x + 1, y + 1));
}
