import { SandboxError } from './errors.js';
import { describeLedger, type Ledger } from './ledger.js';
import type { SandboxState } from './state.js';

/** The longest delay that a timer of node takes. */
const longestTimer = 2 ** 31 - 1;

/**
 * Resolves with the first ledger for which `predicate` holds: looked at now, after every request and change, and
 * whenever a run changes its status by the clock. Rejects after `timeoutMs` real milliseconds.
 */
export function waitForLedger(
  state: SandboxState,
  predicate: (ledger: Ledger) => boolean,
  timeoutMs: number,
): Promise<Ledger> {
  let due: NodeJS.Immediate | undefined;
  let transition: NodeJS.Timeout | undefined;
  let limit: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;

  const settled = new Promise<Ledger>((resolve, reject) => {
    const look = () => {
      due = undefined;
      clearTimeout(transition);
      try {
        const ledger = state.ledger();
        if (predicate(ledger)) return resolve(ledger);
      } catch (error) {
        return reject(error);
      }
      const now = state.clock.now();
      const next = state.runs.nextTransition(now);
      if (next === null) return;
      // A timer may fire a little early: never look again before the transition.
      const delay = Math.ceil(state.clock.toReal(next - now)) + 1;
      transition = setTimeout(look, Math.min(delay, longestTimer));
    };
    // Changes come in bursts: one look for all that happens in one turn of the event loop.
    stopListening = state.onChange(() => {
      due ??= setImmediate(look);
    });
    limit = setTimeout(() => {
      const short = describeLedger(state.ledger());
      reject(
        new SandboxError(
          `Waited ${timeoutMs} ms for something that did not happen in the sandbox.\n${short}`,
        ),
      );
    }, timeoutMs);
    look();
  });
  return settled.finally(() => {
    stopListening?.();
    clearTimeout(limit);
    clearTimeout(transition);
    clearImmediate(due);
  });
}
