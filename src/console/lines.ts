import type { Client } from '@temporalio/client';
import { inParallel } from '../base/in-parallel.js';
import { limiterId, outageId, stepOfWorkflowId } from '../contract/ids.js';
import { lineQuery } from '../contract/messages.js';
import type { LimiterView, LineOptions } from '../limits/index.js';
import type { Book } from './book.js';
import type { ConnectionState, ConnectionsAnswer, LineAnswer, LinePlace, Notice } from './contract.js';
import type { Queues } from './queues.js';
import { notice } from './trouble.js';

const KEPT_MS = 1_500;
const ANSWER_MS = 2_000;
const MOST_LIMITERS = 20;
const MOST_PLACES = 100;
const MOST_MOVES = 20;
const AT_ONCE = 5;

const LIMITER = /^hex-limiter\/(.+)\/([^/]+)$/;

/** What Hex did to the newest start that it refused. */
const REFUSALS = {
  rate: 'Hex refused a start: too many starts (429)',
  noKernel: 'Hex refused a start: no kernel was free',
  outage: 'Hex could start nothing',
} as const satisfies Record<NonNullable<LimiterView['lastRefusal']>['kind'], string>;

/** A limiter, and what it says; null where it does not answer. */
interface Limiter {
  taskQueue: string;
  name: string;
  view: LimiterView | null;
}

/** The limiters of the connections to Hex, as they stand now. */
export class Lines {
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #book: Book;
  readonly #queues: Queues;
  #asked: { at: number; limiters: Promise<Limiter[]> } | null = null;

  constructor(client: Client, taskQueue: string, book: Book, queues: Queues) {
    this.#client = client;
    this.#taskQueue = taskQueue;
    this.#book = book;
    this.#queues = queues;
  }

  async states(): Promise<ConnectionState[]> {
    return (await this.#limiters()).map((limiter) => this.#stateOf(limiter));
  }

  async line(): Promise<LineAnswer['lines']> {
    const limiters = await this.#limiters();
    const pipelines = this.#openPipelines();
    return limiters.map((limiter) => ({
      ...this.#stateOf(limiter),
      places: (limiter.view?.line ?? []).slice(0, MOST_PLACES).map((place) => placeOf(place, pipelines)),
      moves: (limiter.view?.moves ?? [])
        .slice(-MOST_MOVES)
        .map(({ at, ...move }) => ({ ...move, at: new Date(at).toISOString() }))
        .reverse(),
    }));
  }

  /** The first place of a run, or of the waiting steps of a pipeline, in each line where it has one. */
  async placesOf(workflowId: string): Promise<{ connection: string; place: number; waiting: number }[]> {
    await this.#book.open();
    const limiters = await this.#limiters();
    const found = await inParallel(limiters, AT_ONCE, async ({ taskQueue, name, view }) => {
      const part = view && (await this.#viewOf(taskQueue, name, { of: workflowId, limit: 1 }));
      return part?.line.map(({ place }) => ({ connection: name, place, waiting: part.waiting })) ?? [];
    });
    return found.flat();
  }

  async connections(): Promise<ConnectionsAnswer['connections']> {
    const limiters = await this.#limiters();
    return limiters.map((limiter) => {
      const { starts, kernels } = limiter.view?.settings ?? {};
      const expiresAt = limiter.view?.tokenExpiresAt;
      return {
        ...this.#stateOf(limiter),
        limits: starts
          ? { startsPerMinute: starts.perMinute, startsPerHour: starts.perHour, kernels: kernels ?? null }
          : null,
        token: expiresAt === undefined ? null : { expiresAt },
      };
    });
  }

  /** What keeps starts back, or workers from Hex. */
  async notices(): Promise<Notice[]> {
    const states = await this.states();
    return states.flatMap((state) => [
      ...(state.unreachableSince === null
        ? []
        : [
            notice('hex-unreachable', `Workers cannot reach Hex (connection "${state.name}").`, {
              since: state.unreachableSince,
              about: state.name,
              remedy: 'https://status.hex.tech tells whether it is Hex. Runs go on when it answers.',
            }),
          ]),
      ...(state.penalty === null
        ? []
        : [
            notice(
              'hex-refuses',
              `Hex holds starts back (connection "${state.name}"): ${state.penalty.text}, until ${state.penalty.until}.`,
              {
                about: state.name,
                remedy: 'It goes on by itself. If this comes back, somebody else uses the token.',
              },
            ),
          ]),
    ]);
  }

  #limiters(): Promise<Limiter[]> {
    if (this.#asked && Date.now() - this.#asked.at < KEPT_MS) return this.#asked.limiters;
    const limiters = this.#ask();
    this.#asked = { at: Date.now(), limiters };
    return limiters;
  }

  async #ask(): Promise<Limiter[]> {
    const found = this.#book.system('hexLimiter').flatMap(({ workflowId }) => {
      const [, taskQueue, name] = LIMITER.exec(workflowId) ?? [];
      return taskQueue && name ? [{ taskQueue, name }] : [];
    });
    const own = ({ taskQueue }: { taskQueue: string }) => (taskQueue === this.#taskQueue ? 0 : 1);
    const wanted = found
      .sort((a, b) => own(a) - own(b) || a.name.localeCompare(b.name))
      .slice(0, MOST_LIMITERS);
    return inParallel(wanted, AT_ONCE, async ({ taskQueue, name }) => {
      const view = (await this.#queues.served(taskQueue)) ? await this.#viewOf(taskQueue, name) : null;
      return { taskQueue, name, view };
    });
  }

  async #viewOf(
    taskQueue: string,
    name: string,
    part: Omit<LineOptions, 'atMs'> = { limit: MOST_PLACES },
  ): Promise<LimiterView | null> {
    const handle = this.#client.workflow.getHandle(limiterId(taskQueue, name));
    // One that is busy, or whose worker is, has no figures for now.
    return this.#client
      .withDeadline(Date.now() + ANSWER_MS, () => handle.query(lineQuery, { ...part, atMs: Date.now() }))
      .catch(() => null);
  }

  #stateOf({ taskQueue, name, view }: Limiter): ConnectionState {
    const outage = this.#book
      .system('hexOutage')
      .find(({ workflowId }) => workflowId === outageId(taskQueue, name));
    return {
      name,
      taskQueue,
      budgets: view && {
        startsPerMinute: { used: view.starts.lastMinute, limit: view.settings.starts.perMinute },
        startsPerHour: { used: view.starts.lastHour, limit: view.settings.starts.perHour },
        kernels: { used: view.held, limit: view.settings.kernels },
        readsPerMinute: view.reads ? { used: view.reads.lastMinute, limit: view.reads.perMinute } : null,
      },
      inLine: view?.waiting ?? null,
      penalty:
        view && view.penaltyUntil !== null
          ? { until: new Date(view.penaltyUntil).toISOString(), text: view.penaltyText ?? '' }
          : null,
      lastRefusal: view?.lastRefusal
        ? { at: new Date(view.lastRefusal.at).toISOString(), text: REFUSALS[view.lastRefusal.kind] }
        : null,
      unreachableSince: outage?.startedAt ?? null,
    };
  }

  /** Workflow ids of the pipelines that are under way. */
  #openPipelines(): ReadonlySet<string> {
    const open = new Set<string>();
    for (const { workflowId, endedAt } of this.#book.rows()) {
      if (endedAt === null) open.add(workflowId);
    }
    return open;
  }
}

function placeOf(view: LimiterView['line'][number], pipelines: ReadonlySet<string>): LinePlace {
  const { place, projectId, workflowId, priority, askedAt, expectedAt, exact, text } = view;
  return {
    ...{ place, projectId, workflowId, priority, exact, waitsFor: text },
    run: stepIn(workflowId, pipelines),
    askedAt: new Date(askedAt).toISOString(),
    expectedAt: expectedAt === null ? null : new Date(expectedAt).toISOString(),
  };
}

/** The pipeline that a run is a step of: the ids of both may hold a `/`, so what is under way decides. */
function stepIn(workflowId: string, pipelines: ReadonlySet<string>): LinePlace['run'] {
  const ends = [...workflowId.matchAll(/\//g)].map(({ index }) => workflowId.slice(0, index));
  // The innermost: a pipeline may itself be a step of one.
  const pipeline = ends.findLast((id) => pipelines.has(id));
  const step = pipeline === undefined ? null : stepOfWorkflowId(pipeline, workflowId);
  return pipeline === undefined || step === null ? null : { workflowId: pipeline, step };
}
