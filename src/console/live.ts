import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { BookChange } from './book.js';
import type { Answers } from './contract.js';
import type { Parts } from './parts.js';
import { badInput, ConsoleError } from './refusal.js';

const MOST_TOPICS = 20;
/** A topic is answered anew at most this often: what happened must be on the page within a second. */
const GAP_MS = 250;
const HEARTBEAT_MS = 15_000;
/** Of the runs of a pipeline that go on, so many are followed while somebody looks at its grid; others change with the list. */
const MOST_FOLLOWED = 10;

/** How often a topic that nothing tells of is looked at again, by its path; the others are told by the book and by histories. */
const EVERY_MS: { [Path in keyof Answers]?: number } = {
  '/api/home': 3_000,
  '/api/pipelines': 10_000,
  '/api/pipeline': 10_000,
  '/api/pipeline/schedule': 10_000,
  '/api/pipeline/stats': 5_000,
  '/api/run': 2_000,
  '/api/step': 2_000,
  '/api/backfills': 3_000,
  '/api/backfill': 1_000,
  '/api/line': 1_500,
  '/api/schedules': 5_000,
  '/api/sensors': 5_000,
  '/api/connections': 3_000,
  '/api/workers': 5_000,
};
/** What shows schedules, and of home the zones of pipelines. */
const OF_SCHEDULES: readonly string[] = [
  '/api/home',
  '/api/pipelines',
  '/api/pipeline',
  '/api/pipeline/schedule',
  '/api/schedules',
];
/** A run that goes on is told by its history; only places in line are not. */
const BY_HISTORY: readonly string[] = ['/api/run', '/api/step'];

/**
 * The answer to a topic, as text without its `at`, so that two can be compared. `anew`: not one of a moment ago, which does not have what
 * has just happened.
 */
export type Answering = (topic: string, anew?: boolean) => Promise<{ at: string; text: string }>;

interface Topic {
  path: string;
  query: URLSearchParams;
  listeners: Set<(event: LiveEvent) => void>;
  /** Ends what tells of changes. */
  stop: (() => void)[];
  /** Ends what tells of changes in runs of a pipeline, by their run ids. */
  following: Map<string, () => void>;
  latest: LiveEvent | null;
  compared: string;
  busy: boolean;
  due: boolean;
  lastMs: number;
}

interface LiveEvent {
  event: 'answer' | 'gone';
  at: string;
  data: string;
}

/** Pushes new answers to all who look: each topic is answered once for all of them, when something in it has changed. */
export class Live {
  readonly #parts: Parts;
  readonly #answering: Answering;
  readonly #topics = new Map<string, Topic>();
  readonly #streams = new Set<() => void>();
  readonly #stop: readonly (() => void)[];

  constructor(parts: Parts, answering: Answering) {
    this.#parts = parts;
    this.#answering = answering;
    this.#stop = [
      parts.book.onChange((change) => this.#changed(change)),
      parts.schedules.onChange(() => this.#refreshAll(OF_SCHEDULES)),
    ];
  }

  /** The stream of a page, or of all pages of a browser. */
  stream(context: Context): Response {
    const { searchParams } = new URL(context.req.url);
    const topics = [...new Set(searchParams.getAll('topic'))];
    const since = searchParams.get('since') ?? '';
    if (topics.length === 0 || topics.length > MOST_TOPICS)
      throw badInput('topic', `give 1 to ${MOST_TOPICS} of them`);
    for (const topic of topics) {
      if (!topic.startsWith('/api/')) throw badInput('topic', `"${topic}" is not the address of an answer`);
    }
    context.header('x-accel-buffering', 'no');
    return streamSSE(context, (stream) => this.#serve(stream, topics, since));
  }

  close(): void {
    for (const stop of this.#stop) stop();
    for (const end of this.#streams) end();
    for (const [name, topic] of this.#topics) this.#drop(name, topic);
  }

  async #serve(stream: SSEStreamingApi, topics: readonly string[], since: string): Promise<void> {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    stream.onAbort(end);
    this.#streams.add(end);
    const write = (event: LiveEvent) => {
      if (!stream.closed) void stream.writeSSE({ event: event.event, data: event.data }).catch(end);
    };
    const heartbeat = setInterval(() => void stream.write(':\n\n').catch(end), HEARTBEAT_MS);
    // Whoever looks keeps the poller running.
    const looking = setInterval(() => void this.#parts.book.open(0), HEARTBEAT_MS / 3);
    const leave = topics.map((topic) => this.#join(topic, since, write));
    await stream.write(':\n\n');
    await ended;
    clearInterval(heartbeat);
    clearInterval(looking);
    for (const one of leave) one();
    this.#streams.delete(end);
  }

  #join(name: string, since: string, listener: (event: LiveEvent) => void): () => void {
    const topic = this.#topics.get(name) ?? this.#begin(name);
    topic.listeners.add(listener);
    if (topic.latest && topic.latest.at > since) listener(topic.latest);
    else this.#refresh(name, topic, false);
    return () => {
      topic.listeners.delete(listener);
      if (topic.listeners.size === 0) this.#drop(name, topic);
    };
  }

  #begin(name: string): Topic {
    const url = new URL(name, 'http://console');
    const topic: Topic = {
      ...{
        path: url.pathname,
        query: url.searchParams,
        listeners: new Set(),
        stop: [],
        following: new Map(),
      },
      ...{ latest: null, compared: '', busy: false, due: false, lastMs: 0 },
    };
    this.#topics.set(name, topic);
    const everyMs = EVERY_MS[topic.path as keyof Answers];
    if (everyMs) {
      const timer = setInterval(() => this.#refresh(name, topic), everyMs);
      topic.stop.push(() => clearInterval(timer));
    }
    if (BY_HISTORY.includes(topic.path)) {
      const { query } = topic;
      topic.stop.push(this.#follow(name, topic, query.get('workflowId') ?? '', query.get('runId')));
    }
    return topic;
  }

  #follow(name: string, topic: Topic, workflowId: string, runId: string | null): () => void {
    const following = this.#parts.runs
      .onChange(workflowId, runId, () => this.#refresh(name, topic))
      .catch(() => () => {});
    return () => void following.then((stop) => stop());
  }

  /** The list says that a run has begun or ended; how its steps stand, its history does. */
  #followOpen(name: string, topic: Topic): void {
    if (topic.path !== '/api/pipeline' || topic.listeners.size === 0) return;
    const runs = this.#parts.book.runsOf(topic.query.get('name') ?? '');
    const open = runs.filter(({ endedAt }) => endedAt === null).slice(0, MOST_FOLLOWED);
    const ids = new Set(open.map(({ runId }) => runId));
    for (const [runId, stop] of topic.following) {
      if (ids.has(runId)) continue;
      stop();
      topic.following.delete(runId);
    }
    for (const { workflowId, runId } of open) {
      if (!topic.following.has(runId))
        topic.following.set(runId, this.#follow(name, topic, workflowId, runId));
    }
  }

  #drop(name: string, topic: Topic): void {
    for (const stop of [...topic.stop, ...topic.following.values()]) stop();
    topic.listeners.clear();
    if (this.#topics.get(name) === topic) this.#topics.delete(name);
  }

  #refreshAll(paths: readonly string[]): void {
    for (const [name, topic] of this.#topics) {
      if (paths.includes(topic.path)) this.#refresh(name, topic);
    }
  }

  #changed({ pipelines, backfills, system }: BookChange): void {
    for (const [name, topic] of this.#topics) {
      const { path, query } = topic;
      const about =
        path === '/api/home' ||
        (path === '/api/pipelines' && pipelines.size > 0) ||
        (path.startsWith('/api/pipeline') && pipelines.has(query.get('name') ?? '')) ||
        (path.startsWith('/api/backfill') && backfills.size > 0) ||
        (system && (path === '/api/line' || path === '/api/connections'));
      if (about) this.#refresh(name, topic);
    }
  }

  /** Answers it now, or as soon as it may be; what happens meanwhile is in the next answer. */
  #refresh(name: string, topic: Topic, anew = true): void {
    if (topic.busy) {
      topic.due = true;
      return;
    }
    topic.busy = true;
    topic.due = false;
    const waitMs = Math.max(0, topic.lastMs + GAP_MS - Date.now());
    const answer = async () => {
      topic.lastMs = Date.now();
      const event = await this.#answer(name, anew);
      if (event.compared !== topic.compared) {
        topic.compared = event.compared;
        topic.latest = event;
        for (const listener of topic.listeners) listener(event);
      }
      this.#followOpen(name, topic);
      topic.busy = false;
      if (topic.due && topic.listeners.size > 0) this.#refresh(name, topic);
    };
    if (waitMs === 0) void answer();
    else setTimeout(answer, waitMs).unref();
  }

  async #answer(name: string, anew: boolean): Promise<LiveEvent & { compared: string }> {
    try {
      const { at, text } = await this.#answering(name, anew);
      const answer = `{"at":${JSON.stringify(at)},${text.slice(1)}`;
      return {
        event: 'answer',
        at,
        data: `{"topic":${JSON.stringify(name)},"answer":${answer}}`,
        compared: text,
      };
    } catch (error) {
      const refused =
        error instanceof ConsoleError ? error : new ConsoleError('failed', 'This cannot be shown');
      const data = JSON.stringify({ topic: name, ...refused.body });
      return { event: 'gone', at: new Date().toISOString(), data, compared: data };
    }
  }
}
