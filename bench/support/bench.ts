import type { Row } from './table.js';

/** One command of `npm run bench`. */
export interface Bench {
  title: string;
  /** How it is measured, a line each. */
  method: string[];
  /** Measures; what it started is gone when it resolves. */
  run(): Promise<Row[]>;
}
