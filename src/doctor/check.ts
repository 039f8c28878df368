/** `skipped`: it could not be looked at, and the text says why. `warn`: it works, and will bite. */
export type CheckState = 'ok' | 'warn' | 'failed' | 'skipped';

/** Where a failed check looks for the cause: the settings, the Temporal server, Hex, or the work itself. */
export type Blame = 'settings' | 'temporal' | 'hex' | 'work';

/** What a check has found. */
export interface Finding {
  state: CheckState;
  /** What is so, in a sentence or two; never a secret. */
  text: string;
  /** What to do; null where there is nothing to do. */
  remedy: string | null;
  /** Of a failed check; null of the others. */
  blame: Blame | null;
}

export interface Check extends Finding {
  /** Names the check, such as `temporal.namespace` or `hex.finance.token`. */
  id: string;
}

export const ok = (text: string): Finding => ({ state: 'ok', text, remedy: null, blame: null });
export const skipped = (text: string): Finding => ({ state: 'skipped', text, remedy: null, blame: null });
export const warn = (text: string, remedy: string): Finding => ({ state: 'warn', text, remedy, blame: null });
export const failed = (text: string, remedy: string, blame: Blame = 'work'): Finding => ({
  state: 'failed',
  text,
  remedy,
  blame,
});

/** A check that is still to be made. */
export interface Probe {
  id: string;
  look: () => Finding | Promise<Finding>;
}

/** Makes all checks side by side. One that throws, or is not done within the limit, says so and stops no other. */
export function runChecks(probes: readonly Probe[], limitMs: number): Promise<Check[]> {
  return Promise.all(
    probes.map(async ({ id, look }) => ({ id, ...(await within(limitMs, async () => look())) })),
  );
}

function within(limitMs: number, look: () => Promise<Finding>): Promise<Finding> {
  return new Promise((resolve) => {
    const remedy = 'Ask again; if it stays so, ask Temporal or Hex by hand.';
    const timer = setTimeout(() => resolve(warn(`No answer within ${limitMs / 1_000} s.`, remedy)), limitMs);
    look()
      .catch((error: unknown) => warn(`Could not be looked at: ${wordsOf(error)}`, remedy))
      .then((finding) => {
        clearTimeout(timer);
        resolve(finding);
      });
  });
}

/** What an error says, its cause included where the SDK hides it there, on one line. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = (error.cause as { details?: string } | undefined)?.details;
  return (details || error.message).replace(/\s+/g, ' ').trim();
}
