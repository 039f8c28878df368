import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

/** Listens for Ctrl-C (SIGINT) and SIGTERM instead of dying of them. */
export interface Interrupt {
  /** Resolves at the first signal. */
  readonly asked: Promise<NodeJS.Signals>;
  /** Resolves at the second one: somebody is in a hurry. */
  readonly again: Promise<NodeJS.Signals>;
  /** Signals kill again. */
  release(): void;
}

/** What asks a command of ours to stop. */
export const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function listenForInterrupt(): Interrupt {
  const resolvers: ((signal: NodeJS.Signals) => void)[] = [];
  const next = () => new Promise<NodeJS.Signals>((resolve) => resolvers.push(resolve));
  const [asked, again] = [next(), next()];
  const hear = (signal: NodeJS.Signals) => resolvers.shift()?.(signal);
  for (const signal of SIGNALS) process.on(signal, hear);
  return {
    asked,
    again,
    release() {
      for (const signal of SIGNALS) process.off(signal, hear);
    },
  };
}

/** The work, unless Ctrl-C comes first: then an error that ends the command. */
export function orInterrupted<T>(work: Promise<T>, { asked }: Interrupt): Promise<T> {
  const interrupted = asked.then((): never => {
    throw stopped();
  });
  return Promise.race([work, interrupted]);
}

/** The error of a command that somebody stopped. */
export function stopped(): CliError {
  return new CliError('Stopped.', EXIT.interrupted);
}
