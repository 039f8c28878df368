import type { ComponentChildren } from 'preact';

interface TableProps {
  /** For screen readers. */
  caption: string;
  /** A head for each column; figures stand on the right. */
  columns: readonly (string | { name: string; figure?: boolean; hidden?: boolean })[];
  children: ComponentChildren;
}

/** A table that scrolls by itself where the screen is narrow. */
export function Table({ caption, columns, children }: TableProps) {
  return (
    <div class="table-box">
      <table aria-label={caption}>
        <thead>
          <tr>
            {columns.map((column) => {
              const { name, figure, hidden } = typeof column === 'string' ? { name: column } : column;
              return (
                <th key={name} scope="col" class={figure ? 'figure' : undefined}>
                  {hidden ? <span class="visually-hidden">{name}</span> : name}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
