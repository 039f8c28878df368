import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';

type Colors = ReturnType<typeof pc.createColors>;

/**
 * How data is written: for people, as JSON, as one JSON value a line, or not at all. The `temporal` command's own
 * words.
 */
export type Format = 'text' | 'json' | 'jsonl' | 'none';

/** The part of a stream that is needed here. */
export interface Stream {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

/** Where output goes, and how. */
export interface OutputOptions {
  stdout: Stream;
  stderr: Stream;
  format: Format;
  /** `auto`: where the stream is a terminal and NO_COLOR is not set. */
  color: 'auto' | 'always' | 'never';
  env: NodeJS.ProcessEnv;
}

/** Standard output takes data and nothing else, so that it can be piped; messages for people go to standard error. */
export class Output {
  readonly format: Format;
  readonly stderr: Stream;
  /** For data. */
  readonly colors: Colors;
  /** For talk. */
  readonly talkColors: Colors;
  readonly #stdout: Stream;

  constructor({ stdout, stderr, format, color, env }: OutputOptions) {
    this.#stdout = stdout;
    this.stderr = stderr;
    this.format = format;
    const coloured = (stream: Stream) =>
      color === 'always' ||
      (color === 'auto' && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb');
    this.colors = pc.createColors(coloured(stdout));
    this.talkColors = pc.createColors(coloured(stderr));
  }

  /** The result of the command, in the format that was asked for. A list is a line an item as JSON lines. */
  data(value: unknown, text: () => string): void {
    if (this.format === 'none') return;
    if (this.format === 'text') this.#write(text());
    else if (this.format === 'json') this.#write(JSON.stringify(value, null, 2));
    else for (const item of Array.isArray(value) ? value : [value]) this.#write(JSON.stringify(item));
  }

  /** A line for people. */
  say(line = ''): void {
    this.stderr.write(`${line}\n`);
  }

  #write(text: string): void {
    if (text !== '') this.#stdout.write(`${text}\n`);
  }
}

/** Rows as aligned columns; cells may be coloured. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  }
  return rows
    .map((row) =>
      row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Text from elsewhere, without anything that could move the cursor. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}+/gu, ' ');
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
