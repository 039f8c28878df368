import { signal } from '@preact/signals';
import type { LiveGone } from '../../contract.js';
import { below, type Topic, type Trouble } from './api.js';

const MOST_TOPICS = 20;
/** Topics that change in one turn of the page make one new stream. */
const SETTLE_MS = 30;
const WHO_MS = 20_000;
const AGAIN_MS = 2_000;
const NAME = 'temporal-hex-live';

type Message =
  | { kind: 'who' }
  | { kind: 'wants'; tab: string; topics: { topic: Topic; at: string | null }[] }
  | { kind: 'answer'; topic: Topic; answer: unknown }
  | { kind: 'gone'; topic: Topic; error: Trouble }
  | { kind: 'stream'; up: boolean }
  | { kind: 'broken' };

interface Sink {
  accept: (topic: Topic, answer: unknown) => void;
  reject: (topic: Topic, trouble: Trouble) => void;
  /** When what is known of a topic was made. */
  atOf: (topic: Topic) => string | null;
  /** The stream broke off, or could not be opened. */
  broken: () => void;
}

/** Whether changes come in. False from the start until the stream is open, and while the console is away. */
export const streaming = signal(false);

const tab = Math.random().toString(36).slice(2);
/** How often each topic is wanted on this page. */
const wanted = new Map<Topic, number>();
/** Those of all tabs of this browser, where this tab has the stream. */
const wantedBy = new Map<string, { topics: { topic: Topic; at: string | null }[]; heard: number }>();

let channel: BroadcastChannel | null = null;
let sink: Sink | null = null;
let leading = false;
let stream: EventSource | null = null;
let streamed = '';
let settling: ReturnType<typeof setTimeout> | undefined;

/**
 * Starts to follow changes. All tabs of a browser share one stream: a browser opens only six connections to a host. The tab with the lock
 * has the stream, and hands on what it brings.
 */
export function startLive(to: Sink): void {
  sink = to;
  channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data);
  const lead = () => {
    leading = true;
    say({ kind: 'who' });
    setInterval(() => {
      forgetSilent();
      say({ kind: 'who' });
    }, WHO_MS);
    settle();
    return new Promise<never>(() => undefined);
  };
  // Only pages from https or localhost have locks; elsewhere each tab has a stream of its own.
  if (navigator.locks) void navigator.locks.request(NAME, lead);
  else void lead();
  addEventListener('pagehide', () => say({ kind: 'wants', tab, topics: [] }));
  addEventListener('pageshow', ({ persisted }) => persisted && settle());
}

/** Follows a topic until the returned function is called. */
export function want(topic: Topic): () => void {
  wanted.set(topic, (wanted.get(topic) ?? 0) + 1);
  settle();
  return () => {
    const left = (wanted.get(topic) ?? 1) - 1;
    if (left > 0) wanted.set(topic, left);
    else wanted.delete(topic);
    settle();
  };
}

function hear(message: Message): void {
  switch (message.kind) {
    case 'who':
      announce();
      break;
    case 'wants':
      if (leading) {
        if (message.topics.length > 0)
          wantedBy.set(message.tab, { topics: message.topics, heard: Date.now() });
        else wantedBy.delete(message.tab);
        settle();
      }
      break;
    case 'answer':
      if (wanted.has(message.topic)) sink?.accept(message.topic, message.answer);
      break;
    case 'gone':
      if (wanted.has(message.topic)) sink?.reject(message.topic, message.error);
      break;
    case 'stream':
      if (!leading) streaming.value = message.up;
      break;
    case 'broken':
      sink?.broken();
      break;
  }
}

const own = () => [...wanted.keys()].map((topic) => ({ topic, at: sink?.atOf(topic) ?? null }));

const say = (message: Message) => channel?.postMessage(message);

/** This tab, and all others of this browser. */
function tell(message: Message): void {
  hear(message);
  say(message);
}

const announce = () => say({ kind: 'wants', tab, topics: own() });

function settle(): void {
  clearTimeout(settling);
  settling = setTimeout(() => {
    if (leading) openStream();
    else announce();
  }, SETTLE_MS);
}

function forgetSilent(): void {
  for (const [name, { heard }] of wantedBy) {
    if (Date.now() - heard > 2.5 * WHO_MS) wantedBy.delete(name);
  }
  settle();
}

function openStream(): void {
  const ats = new Map<Topic, string | null>();
  for (const { topic, at } of [...own(), ...[...wantedBy.values()].flatMap(({ topics }) => topics)]) {
    if (ats.size < MOST_TOPICS && !ats.has(topic)) ats.set(topic, at);
  }
  const topics = [...ats.keys()].sort();
  if (stream && stream.readyState !== EventSource.CLOSED && streamed === topics.join('\n')) {
    say({ kind: 'stream', up: streaming.peek() });
    return;
  }
  stream?.close();
  stream = null;
  streamed = topics.join('\n');
  if (topics.length === 0) return;
  const search = new URLSearchParams(topics.map((topic) => ['topic', topic]));
  const known = [...ats.values()];
  const oldest = known.reduce(
    (least, at) => (at === null || least === null || at < least ? at : least),
    known[0] ?? null,
  );
  if (oldest !== null) search.set('since', oldest);
  const opened = new EventSource(below(`/api/live?${search}`));
  stream = opened;
  opened.addEventListener('open', () => tellState(true));
  opened.addEventListener('error', () => {
    if (stream !== opened) return;
    tellState(false);
    tell({ kind: 'broken' });
    // A stream that was refused does not open itself again.
    if (opened.readyState === EventSource.CLOSED)
      setTimeout(() => stream === opened && openStream(), AGAIN_MS);
  });
  opened.addEventListener('answer', ({ data }) => {
    const { topic, answer } = JSON.parse(data) as { topic: Topic; answer: unknown };
    tell({ kind: 'answer', topic, answer });
  });
  opened.addEventListener('gone', ({ data }) => {
    const { topic, error } = JSON.parse(data) as LiveGone & { topic: Topic };
    tell({ kind: 'gone', topic, error });
  });
}

function tellState(up: boolean): void {
  streaming.value = up;
  say({ kind: 'stream', up });
}
