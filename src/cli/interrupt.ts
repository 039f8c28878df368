import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

/** Listens for Ctrl-C (SIGINT) and SIGTERM instead of dying of them. */
export interface Interrupt {
  /** Resolves at the first signal. */
  readonly asked: Promise<NodeJS.Signals>;
  /** Resolves at the second one: somebody is in a hurry. */
  readonly again: Promise<NodeJS.Signals>;
  /** Aborted at the first signal, with the error of a command that somebody stopped. */
  readonly signal: AbortSignal;
  /** Signals kill again. */
  release(): void;
}

/** What asks a command of ours to stop. */
export const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Listens until `release`. */
export function listenForInterrupt(): Interrupt {
  const resolvers: ((signal: NodeJS.Signals) => void)[] = [];
  const next = () => new Promise<NodeJS.Signals>((resolve) => resolvers.push(resolve));
  const [asked, again] = [next(), next()];
  const hear = (signal: NodeJS.Signals) => resolvers.shift()?.(signal);
  for (const signal of SIGNALS) process.on(signal, hear);
  const stop = new AbortController();
  void asked.then(() => stop.abort(new CliError('Stopped.', EXIT.interrupted)));
  return {
    asked,
    again,
    signal: stop.signal,
    release() {
      for (const signal of SIGNALS) process.off(signal, hear);
    },
  };
}

/**
 * The work, which was given the interrupt's signal. On Ctrl-C it is waited for, so that it can tidy up, unless Ctrl-C
 * comes again; then an error ends the command.
 */
export function orInterrupted<T>(work: Promise<T>, { again, signal }: Interrupt): Promise<T> {
  const hurry = again.then((): never => {
    throw signal.reason;
  });
  return Promise.race([work, hurry]);
}
