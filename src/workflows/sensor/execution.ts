import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { formatDuration } from '../../base/duration.js';
import { formatProblems } from '../../base/problems.js';
import { memo, memoOf } from '../../contract/memo.js';
import type { SensedProject, SensorMark, SensorProgress } from '../../contract/sensor.js';
import { parseSensorInput } from '../../pipeline/boundary.js';
import type { Ending } from '../../pipeline/sensor/definition.js';
import type { SensorInput, SensorRequest } from '../../pipeline/sensor/input.js';
import { newWatch, type ProjectWatch, type Step } from '../../pipeline/sensor/watch.js';
import { wantedBy } from '../../run/notify.js';
import { alert } from '../notifications.js';
import { readEndings, startForEndings } from './activities.js';

/** Far below Temporal's limits, and few enough to be replayed at once. */
const MOST_EVENTS = 3_000;
const MOST_BYTES = 4_000_000;
/** Starts of one activity. */
const MOST_STARTS = 25;
/** Endings that one start of `all_since_last` is for. */
const MOST_ENDINGS = 200;
/** A start that fails is tried so often, ever more seldom: for about a day. */
const MOST_ATTEMPTS = 150;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 600_000;
/** With so many endings whose starts fail, nothing new is looked at: what has ended stays in Hex's lists. */
const MOST_FAILING = 300;
/** What a look at all projects may bring on top of that. */
const MOST_KEPT = 2_000;
/** They are carried along. */
const LONGEST_MESSAGE = 300;
/** A project that cannot be looked at is told after so many looks in a row, and looked at more seldom. */
const TOLD_AFTER = 3;
const AFTER_TROUBLE_MS = 60_000;

/** What is to be done for some endings, and how often that was tried. */
interface Try {
  batch: Ending[];
  attempts: number;
}

interface Failure extends Try {
  message: string;
}

interface Failing extends Failure {
  nextMs: number;
}

interface Trouble {
  message: string;
  looks: number;
  nextMs: number;
}

/** What a sensor takes along when it continues as new. */
export interface SensorCarried {
  watches: ProjectWatch[];
  endings: number;
  paused: SensorProgress['paused'];
  failing: Failing[];
  troubles: Record<string, Trouble>;
  /** Absent before it was counted. */
  givenUp?: number;
}

/** Made by hand, or by a command of a release before there was a mark. */
const NO_FILE: SensorMark = { file: null, sha256: '' };

/** Looks at the projects of a sensor, one after the other, and does what it is for with what has ended. */
export class SensorExecution {
  input: SensorInput;
  private request: SensorRequest;
  private watches: ProjectWatch[];
  private endings: number;
  private paused: SensorProgress['paused'];
  private failing: Failing[];
  private readonly troubles: Record<string, Trouble>;
  private givenUp: number;
  /** Somebody has changed something: the pause between two looks is over. */
  private nudged = false;
  /** When all projects are looked at again; in between, those that are behind. */
  private fullAtMs = 0;

  constructor(input: SensorInput, request: SensorRequest, carried: SensorCarried | null) {
    this.input = input;
    this.request = request;
    this.watches = carried?.watches ?? [];
    this.endings = carried?.endings ?? 0;
    this.paused = carried?.paused ?? null;
    this.failing = carried?.failing ?? [];
    this.troubles = carried?.troubles ?? {};
    this.givenUp = carried?.givenUp ?? 0;
    this.watchProjects(request.sinceMs);
  }

  /** Looks until the history has become long. */
  async run(): Promise<void> {
    while (!isLong()) {
      await condition(() => this.paused === null);
      const isBehind = await this.round();
      setCurrentDetails(this.details());
      const waitMs = this.fullAtMs - Date.now();
      if (!isBehind && waitMs > 0) await condition(() => this.nudged, waitMs);
      if (this.nudged) this.fullAtMs = 0;
      this.nudged = false;
    }
  }

  configure(changed: SensorInput, mark: SensorMark = NO_FILE): void {
    const parsed = parseSensorInput(changed);
    if (!parsed.ok) {
      log.warn('A change of the sensor cannot be used', { problems: formatProblems(parsed.problems) });
      return;
    }
    this.input = changed;
    this.request = parsed.value;
    noteMark(mark);
    this.watchProjects(parsed.value.sinceMs);
    if (changed.since !== undefined) this.setSince(changed.since);
    // It may be what was wrong. They stay the same objects: some may be on their way just now.
    for (const one of this.failing) one.nextMs = 0;
    this.nudged = true;
  }

  pause(by: string, reason: string | null): void {
    this.paused ??= { by, reason };
  }

  resume(): void {
    this.paused = null;
  }

  setSince(since: string): void {
    const sinceMs = Date.parse(since);
    if (Number.isNaN(sinceMs)) return;
    this.watches = this.watches.map(({ projectId }) => newWatch(projectId, sinceMs));
    this.nudged = true;
  }

  carried(): SensorCarried {
    const { watches, endings, paused, failing, troubles, givenUp } = this;
    return { watches, endings, paused, failing, troubles, givenUp };
  }

  progress(): SensorProgress {
    const isBehind = this.watches.some(({ climb }) => climb !== null);
    const rests = this.paused !== null || this.waiting() >= MOST_FAILING;
    return {
      name: this.request.name,
      does: doesOf(this.request),
      status: this.paused ? 'paused' : isBehind ? 'catching_up' : 'watching',
      paused: this.paused,
      endings: this.endings,
      projects: this.watches.map((watch) =>
        sensed(watch, this.troubles[watch.projectId]?.message ?? null, rests),
      ),
      failing: this.failing.map(({ batch, message, attempts }) => {
        const { projectId, runId, endTime } = lastOf(batch);
        return { ending: { projectId, runId, endTime }, message, attempts };
      }),
      givenUp: this.givenUp,
    };
  }

  /** For people, as Markdown. */
  details(): string {
    const { name, does, status, projects, failing, endings } = this.progress();
    const rows = projects.map(
      ({ projectId, cursor, lagMs, trouble }) =>
        `- ${projectId}: ${trouble ?? `up to ${cursor?.endTime ?? 'now'}${lagMs > 0 ? `, ${formatDuration(lagMs)} behind` : ''}`}`,
    );
    const failed = failing.map(({ ending, message }) => `- run ${ending.runId}: ${message}`);
    return [`Sensor **${name}** ${does}: ${status}, ${endings} endings`, ...rows, ...failed].join('\n');
  }

  /** One read of each project, and what follows from it; true where one of them has more to be read now. */
  private async round(): Promise<boolean> {
    await this.tryAgain();
    if (this.holdsBack()) {
      this.fullAtMs = Date.now() + this.request.on.everyMs;
      return false;
    }
    const isFull = Date.now() >= this.fullAtMs;
    if (isFull) this.fullAtMs = Date.now() + this.request.on.everyMs;
    const due = this.watches.filter((watch) => isFull || isInRound(watch));
    const looks = await Promise.all(due.map((watch) => this.lookAt(watch)));
    const endings = looks
      .flatMap((look) => look?.endings ?? [])
      .sort((a, b) => Date.parse(a.endTime) - Date.parse(b.endTime));
    const batches = inParts(endings, this.request.on.mode === 'each' ? 1 : MOST_ENDINGS);
    await this.noteFailures(await this.handle(batches.map((batch) => ({ batch, attempts: 0 }))));
    this.endings += endings.length;
    return looks.some((look) => look?.more);
  }

  /** Endings whose starts fail. */
  private waiting(): number {
    return this.failing.reduce((sum, { batch }) => sum + batch.length, 0);
  }

  /** Whether so many starts fail that nothing new is looked at. */
  private holdsBack(): boolean {
    return this.waiting() >= MOST_FAILING && patched('failing-starts-hold-back');
  }

  private async lookAt(watch: ProjectWatch): Promise<Step | null> {
    const { projectId } = watch;
    const trouble = this.troubles[projectId];
    if (trouble && trouble.nextMs > Date.now()) return null;
    try {
      const { connection, status, everyMs } = this.request.on;
      const step = await readEndings({ watch, on: { connection, status, everyMs } });
      // Somebody may have set the cursor meanwhile.
      if (!this.watches.includes(watch)) return null;
      this.watches = this.watches.map((one) => (one === watch ? step.watch : one));
      delete this.troubles[projectId];
      return step;
    } catch (error) {
      await this.noteTrouble(projectId, wordsOf(error, 'no worker could read its runs'));
      return null;
    }
  }

  private async noteTrouble(projectId: string, message: string): Promise<void> {
    const looks = (this.troubles[projectId]?.looks ?? 0) + 1;
    const pauseMs =
      looks < TOLD_AFTER ? this.request.on.everyMs : Math.max(this.request.on.everyMs, AFTER_TROUBLE_MS);
    this.troubles[projectId] = { message, looks, nextMs: Date.now() + pauseMs };
    if (looks === TOLD_AFTER)
      await this.tell(
        `Sensor "${this.request.name}" cannot look at project ${projectId}, and goes on trying: ${message}`,
      );
  }

  /** Does what the sensor is for, once for each batch, in their order; gives those that failed. The others go on. */
  private async handle(tries: readonly Try[]): Promise<Failure[]> {
    const failed: Failure[] = [];
    for (const part of inParts(tries, MOST_STARTS)) {
      const results = await this.carryOut(part.map(({ batch }) => batch));
      for (const [index, message] of results.entries()) {
        const one = part[index];
        if (!one || message === null) continue;
        failed.push({
          batch: one.batch,
          attempts: one.attempts + 1,
          message: message.slice(0, LONGEST_MESSAGE),
        });
      }
    }
    return failed;
  }

  private async carryOut(batches: Ending[][]): Promise<(string | null)[]> {
    const { target, name, on } = this.request;
    if (target.kind === 'pipeline') {
      const pipeline = withoutOn(target.pipeline);
      return startForEndings({ name, pipeline, params: on.params, batches }).catch((error: unknown) => {
        // Such as a day without a worker. What was started all the same is not started again.
        const message = wordsOf(error, 'no worker could start it');
        return batches.map(() => message);
      });
    }
    const results: (string | null)[] = [];
    for (const batch of batches) {
      const [ending] = batch;
      const sent = getExternalWorkflowHandle(target.workflowId).signal(
        target.signal,
        on.mode === 'each' ? ending : batch,
      );
      results.push(await sent.then(() => null, wordsOrCancel));
    }
    return results;
  }

  private async tryAgain(): Promise<void> {
    const now = Date.now();
    const due = this.failing.filter(({ nextMs }) => nextMs <= now);
    const failed = await this.handle(due);
    this.failing = this.failing.filter((one) => !due.includes(one));
    await this.noteFailures(failed);
  }

  /** Told when the first one fails, and when some are given up: not once for each. */
  private async noteFailures(failed: readonly Failure[]): Promise<void> {
    const [first] = failed;
    if (!first) return;
    const isNew = this.failing.length === 0 && first.attempts === 1;
    const givenUp: Failure[] = [];
    for (const one of failed) {
      const waiting = this.waiting() + one.batch.length;
      const areTooMany =
        waiting > MOST_FAILING && (waiting > MOST_KEPT || !patched('failing-starts-hold-back'));
      if (one.attempts >= MOST_ATTEMPTS || areTooMany) givenUp.push(one);
      else this.failing.push(failingOf(one));
    }
    if (isNew) await this.tell(this.failureText(first, 'is tried again for a day'));
    const [lost] = givenUp;
    if (!lost) return;
    const count = givenUp.reduce((sum, { batch }) => sum + batch.length, 0);
    this.givenUp += count;
    await this.tell(
      this.failureText(lost, `is given up for ${count === 1 ? 'this ending' : `${count} endings`}`),
    );
  }

  private failureText({ batch, message }: Failure, fate: string): string {
    const { runId, projectId } = lastOf(batch);
    return `Sensor "${this.request.name}" ${doesOf(this.request)}: for run ${runId} of project ${projectId} this failed and ${fate}: ${message}`;
  }

  private async tell(text: string): Promise<void> {
    const { name, notify } = this.request;
    log.warn(text, { sensor: name });
    await alert('sensor_failing', text, { pipeline: name }, wantedBy(notify, 'failure'));
  }

  /** Begins with the projects that are new, and forgets those that are gone. */
  private watchProjects(sinceMs: number | null): void {
    this.watches = this.request.on.projects.map(
      (projectId) =>
        this.watches.find((watch) => watch.projectId === projectId) ??
        newWatch(projectId, sinceMs ?? Date.now()),
    );
    for (const projectId of Object.keys(this.troubles)) {
      if (!this.request.on.projects.includes(projectId)) delete this.troubles[projectId];
    }
  }
}

/** The pipelines that it starts are no sensors. */
function withoutOn<T>(pipeline: T): T {
  if (typeof pipeline !== 'object' || pipeline === null) return pipeline;
  const { on: _on, ...others } = pipeline as { on?: unknown };
  return others as T;
}

function doesOf({ target, name, on }: SensorRequest): string {
  const what = target.kind === 'pipeline' ? `starts ${name}` : `signals ${target.workflowId}`;
  return on.mode === 'each' ? what : `${what} for all since the last look`;
}

/** @param rests whether nothing is looked at now */
function sensed(watch: ProjectWatch, trouble: string | null, rests: boolean): SensedProject {
  const { projectId, cursor, climb, lookedMs, open, sinceMs } = watch;
  const reachedMs = cursor ? Math.max(sinceMs, Date.parse(cursor.endTime)) : sinceMs;
  const fromMs = climb !== null ? reachedMs : trouble !== null || rests ? (lookedMs ?? sinceMs) : Date.now();
  return {
    projectId,
    cursor,
    since: new Date(sinceMs).toISOString(),
    lagMs: Math.max(0, Date.now() - fromMs),
    behind: climb === null ? 0 : climb.phase === 'up' ? climb.offset : (climb.known ?? climb.unknown),
    open: open.length,
    lookedAt: lookedMs === null ? null : new Date(lookedMs).toISOString(),
    trouble,
  };
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}

function failingOf(failure: Failure): Failing {
  const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failure.attempts - 1));
  return { ...failure, nextMs: Date.now() + pauseMs };
}

/** No batch is empty. */
const lastOf = (batch: readonly Ending[]) => batch.at(-1) as Ending;

/** Sensors of before there were marks have none, and nothing to note. */
function noteMark(mark: SensorMark): void {
  const before = memoOf(workflowInfo()).hexSensor ?? NO_FILE;
  if (mark.file !== before.file || mark.sha256 !== before.sha256) upsertMemo(memo({ hexSensor: mark }));
}

/** In the middle of a round: what is behind is not known yet. */
function isInRound({ climb, unread }: ProjectWatch): boolean {
  return climb !== null || unread.length > 0;
}

function wordsOrCancel(error: Error): string {
  if (isCancellation(error)) throw error;
  return error.message;
}

/** Why an activity failed; throws what is no such failure. */
function wordsOf(error: unknown, otherwise: string): string {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
  return error.cause instanceof ApplicationFailure ? error.cause.message : otherwise;
}

function isLong(): boolean {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength > MOST_EVENTS || historySize > MOST_BYTES;
}
