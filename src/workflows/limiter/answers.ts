import { upsertMemo } from '@temporalio/workflow';
import { memo } from '../../contract/memo.js';
import type { LimiterEvent, Permit } from '../../limits/index.js';

/** So many answers are kept: those who wait for one look at once. */
const KEPT = 16;

/**
 * Tells those who asked for it at once whether they have their permit: by the memo, where whoever has asked looks. It is
 * in the history by then, as a signal would be, but costs neither of both workflows a task.
 */
export class Answers {
  /** The words of those who have asked since the last answers, by their requests. */
  private readonly asked = new Map<string, string>();
  private told: [word: string, given: boolean][];

  /** @param told answers of the execution before, which somebody may still look for */
  constructor(told: Readonly<Record<string, boolean>> = {}) {
    this.told = Object.entries(told);
  }

  note({ requestId, answer }: LimiterEvent & { type: 'acquire' }): void {
    if (answer === undefined) this.asked.delete(requestId);
    else this.asked.set(requestId, answer);
  }

  /** Answers all who have asked. Returns the permits that have to be sent instead. */
  tell(permits: readonly Permit[]): Permit[] {
    if (this.asked.size === 0) return [...permits];
    const given = new Set(permits.map(({ requestId }) => requestId));
    const answers = [...this.asked].map(
      ([requestId, word]) => [word, given.has(requestId)] satisfies [string, boolean],
    );
    const sent = permits.filter(({ requestId }) => !this.asked.has(requestId));
    this.told = [...this.told, ...answers].slice(-Math.max(KEPT, answers.length));
    this.asked.clear();
    upsertMemo(memo({ hexAnswers: Object.fromEntries(this.told) }));
    return sent;
  }
}
