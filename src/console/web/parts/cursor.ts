import { useState } from 'preact/hooks';

/** A place in a grid; row -1 is its head. */
export interface Place {
  row: number;
  column: number;
}

interface CursorOptions {
  rows: number;
  columns: number;
  /** Where it stands before anybody has moved it. */
  start: Place;
  /** The least row: -1 where the head can be reached. Default 0. */
  top?: number;
  /** Enter or space. */
  onOpen: (place: Place) => void;
}

const PAGE = 10;

/** Moves through a grid by the arrow keys, Home, End, Page up and Page down; with Ctrl, Home and End go to the corners. */
export function useCursor({ rows, columns, start, top = 0, onOpen }: CursorOptions) {
  const [moved, setMoved] = useState<Place | null>(null);
  const cursor = within(moved ?? start);

  function within({ row, column }: Place): Place {
    return {
      row: Math.max(top, Math.min(rows - 1, row)),
      column: Math.max(0, Math.min(columns - 1, column)),
    };
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onOpen(cursor);
      return;
    }
    const next = target(event, cursor);
    if (!next) return;
    event.preventDefault();
    setMoved(within(next));
  }

  function target({ key, ctrlKey }: KeyboardEvent, { row, column }: Place): Place | null {
    switch (key) {
      case 'ArrowUp':
        return { row: row - 1, column };
      case 'ArrowDown':
        return { row: row + 1, column };
      case 'ArrowLeft':
        return { row, column: column - 1 };
      case 'ArrowRight':
        return { row, column: column + 1 };
      case 'PageUp':
        return { row: row - PAGE, column };
      case 'PageDown':
        return { row: row + PAGE, column };
      case 'Home':
        return { row: ctrlKey ? top : row, column: 0 };
      case 'End':
        return { row: ctrlKey ? rows - 1 : row, column: columns - 1 };
      default:
        return null;
    }
  }

  return { cursor, moveTo: (place: Place) => setMoved(within(place)), onKeyDown };
}
