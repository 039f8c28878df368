import { isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';
import type { Notice, NoticeKind } from './contract.js';

/** gRPC's numbers: https://grpc.io/docs/guides/status-codes/ */
const AWAY: readonly number[] = [1, 4, 7, 14, 16];

/** A notice without what is seldom known. */
export function notice(
  kind: NoticeKind,
  text: string,
  more: Partial<Omit<Notice, 'kind' | 'text'>> = {},
): Notice {
  return { kind, text, remedy: null, since: null, about: null, ...more };
}

/** Whether Temporal gave no answer, or refuses all of them; gRPC's own words stand in the cause. */
export function isAway(error: unknown): boolean {
  if (error instanceof NamespaceNotFoundError) return true;
  const cause = grpcCause(error);
  return cause !== null && AWAY.includes(cause.code);
}

/** What gRPC said, in its own words; else the message of the error. */
export function wordsOf(error: unknown): string {
  const text = grpcCause(error)?.details || (error instanceof Error ? error.message : String(error));
  return text.replace(/\s+/g, ' ').trim();
}

function grpcCause(error: unknown): { code: number; details: string } | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause;
  }
  return null;
}

/** Whether Temporal can be reached, by what the last calls said. */
export class Reach {
  #away: { since: string; reason: string } | null = null;

  /** Does the work, and remembers whether Temporal answered. */
  async note<T>(work: () => Promise<T>): Promise<T> {
    try {
      const value = await work();
      this.#away = null;
      return value;
    } catch (error) {
      if (isAway(error)) this.#away ??= { since: new Date().toISOString(), reason: wordsOf(error) };
      throw error;
    }
  }

  get away(): boolean {
    return this.#away !== null;
  }

  notices(): Notice[] {
    if (!this.#away) return [];
    const { since, reason } = this.#away;
    return [
      notice('temporal-away', `Temporal cannot be reached: ${reason}. What is shown here is from before.`, {
        since,
        remedy: 'Check that the server is up, and TEMPORAL_ADDRESS: "temporal-hex doctor" says more.',
      }),
    ];
  }
}
