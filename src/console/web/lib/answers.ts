import { type Signal, signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import type { Answers } from '../../contract.js';
import { ApiError, get, type Topic, type Trouble, topicOf } from './api.js';
import { setServerTime } from './clock.js';
import { want } from './live.js';

/** What is known of a topic. What was known stays while it is asked for again, and while the console is away. */
export interface Known<Answer = unknown> {
  answer: Answer | null;
  /** Why the last try brought nothing; null where it did. */
  trouble: Trouble | null;
}

/** What every answer has: when it was made. */
interface Made {
  at: string;
}

const MOST_KEPT = 60;
/** After a failure that may pass by itself: the console is away, or what was just started is not in Temporal's lists yet. */
const AGAIN_MS = 3_000;
const PASSING: readonly Trouble['code'][] = ['away', 'not-found'];

const store = new Map<Topic, Signal<Known>>();
const loading = new Set<Topic>();
/** Those that are asked for again in a moment. However often one is asked for meanwhile, it is asked for again once. */
const again = new Set<Topic>();
let offline = false;

/** The topics of the page, for the notices at its top. */
export const shownTopics: Signal<readonly Topic[]> = signal([]);

/** What is known of a topic, without asking for it. */
export function known(topic: Topic): Signal<Known> {
  let entry = store.get(topic);
  if (!entry) {
    entry = signal<Known>({ answer: null, trouble: null });
    store.set(topic, entry);
    forgetOldest();
  }
  return entry;
}

/** An answer that lives as long as it is shown: what is there at once, then every change. With null, nothing is asked for. */
export function useAnswer<Path extends keyof Answers>(
  path: Path | null,
  query: Record<string, string | number | null | undefined> = {},
): Known<Answers[Path]> {
  const topic = path === null ? null : topicOf(path, query);
  // Asked for at once, and not after the first frame.
  useLayoutEffect(() => {
    if (topic === null || offline) return;
    shownTopics.value = [...shownTopics.peek(), topic];
    void load(topic);
    const unwant = want(topic);
    return () => {
      unwant();
      const rest = [...shownTopics.peek()];
      rest.splice(rest.indexOf(topic), 1);
      shownTopics.value = rest;
    };
  }, [topic]);
  return topic === null ? { answer: null, trouble: null } : (known(topic).value as Known<Answers[Path]>);
}

/** Asks for a topic; again and again while there is no answer and somebody looks. */
export async function load(topic: Topic): Promise<void> {
  if (loading.has(topic)) return;
  loading.add(topic);
  try {
    accept(topic, await get(topic));
  } catch (error) {
    const trouble = error instanceof ApiError ? error.trouble : failed(error);
    reject(topic, trouble);
    if (PASSING.includes(trouble.code)) loadAgain(topic);
  } finally {
    loading.delete(topic);
  }
}

function loadAgain(topic: Topic): void {
  if (again.has(topic)) return;
  again.add(topic);
  setTimeout(() => {
    again.delete(topic);
    if (shownTopics.peek().includes(topic)) void load(topic);
  }, AGAIN_MS);
}

/** Asks again for all that is shown: after something was done. */
export function reload(): void {
  for (const topic of new Set(shownTopics.peek())) void load(topic);
}

export function accept(topic: Topic, answer: unknown): void {
  const entry = known(topic);
  const { at } = answer as Made;
  const { answer: before, trouble } = entry.peek() as Known<Made>;
  // A slow GET must not undo what the stream has brought meanwhile.
  if (before && before.at > at) return;
  setServerTime(Date.parse(at));
  // Nothing is drawn anew for what is known.
  if (before && trouble === null && saysTheSame(before, answer as Made)) return;
  entry.value = { answer, trouble: null };
}

export function reject(topic: Topic, trouble: Trouble): void {
  const entry = known(topic);
  entry.value = { answer: entry.peek().answer, trouble };
}

/** An exported page: what it holds is all there is. */
export function seed(answers: ReadonlyMap<Topic, unknown>): void {
  offline = true;
  for (const [topic, answer] of answers) known(topic).value = { answer, trouble: null };
}

const saysTheSame = (before: Made, answer: Made): boolean =>
  JSON.stringify({ ...before, at: '' }) === JSON.stringify({ ...answer, at: '' });

function failed(error: unknown): Trouble {
  return { code: 'failed', message: error instanceof Error ? error.message : String(error), problems: [] };
}

function forgetOldest(): void {
  for (const topic of store.keys()) {
    if (store.size <= MOST_KEPT) return;
    if (!shownTopics.peek().includes(topic)) store.delete(topic);
  }
}
