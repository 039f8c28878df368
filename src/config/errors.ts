/** One thing that is wrong with the environment. */
export interface ConfigProblem {
  /** Name of the variable or file. */
  variable: string;
  /** What is wrong and how to mend it; never the value of a token. */
  message: string;
}

/** The environment cannot be used. The message lists every problem, a line each. */
export class ConfigError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'ConfigError';
  /** Every problem, in the order of the message. */
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ variable, message }) => `  ${variable} ${message}`);
    super(`The configuration cannot be used:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
