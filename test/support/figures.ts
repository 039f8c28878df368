/** Seconds until something was named, printed at the end of a file of tests, for the table in docs/stuck.md. */
export class Figures {
  readonly #title: string;
  readonly #lines: string[] = [];

  constructor(title: string) {
    this.#title = title;
  }

  /** Notes how long it has taken since `sinceMs`, and returns the seconds. */
  note(what: string, sinceMs: number): number {
    const seconds = (Date.now() - sinceMs) / 1_000;
    this.#lines.push(`  ${what.padEnd(64)} ${seconds.toFixed(1)}`);
    return seconds;
  }

  print(): void {
    process.stdout.write(`${this.#title}:\n${this.#lines.join('\n')}\n`);
  }
}
