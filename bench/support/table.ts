/** One figure: what was measured, its value, and what it is held against. */
export interface Row {
  what: string;
  value: string;
  /** The aim, or what it is compared with. */
  against?: string;
  /** Anything else worth knowing, such as the single rounds. */
  note?: string;
}

/** Rows as aligned columns; columns that nobody uses are left out. */
export function table(rows: readonly Row[]): string {
  const columns = (['what', 'value', 'against', 'note'] as const).filter((key) =>
    rows.some((row) => row[key]),
  );
  const widthOf = (key: keyof Row) => Math.max(...rows.map((row) => (row[key] ?? '').length));
  const widths = columns.map(widthOf);
  return rows
    .map((row) =>
      columns
        .map((key, index) => {
          const width = widths[index] ?? 0;
          const text = row[key] ?? '';
          return key === 'value' ? text.padStart(width) : text.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}
