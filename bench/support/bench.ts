import type { Row } from './table.js';

/** One command of `npm run bench`. */
export interface Bench {
  title: string;
  /** How it is measured, a line each. */
  method: string[];
  /** Measures; what it started is gone when it resolves. */
  run(): Promise<Row[]>;
}

/** How much is measured, where the command says so: a small run tries a bench out. */
export interface Sizes {
  /** Dates of a backfill that run. Default 1,000; 0 leaves them out. */
  dates?: number;
  /** Dates of a backfill that skip their step. Default 10,000; 0 leaves them out. */
  many?: number;
  /** Endings that a sensor has missed. Default 10,000. */
  endings?: number;
  /** Runs in line, default 1,000; or of the past that the console shows, default 10,000, in fifties. */
  runs?: number;
  /** Items of a long fan-out. Default 10,000. */
  items?: number;
  /** How often its worker is killed. Default 0. */
  kills?: number;
}
