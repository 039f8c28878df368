import { SandboxClock } from './clock.js';
import { FaultBook } from './faults.js';
import { type Ledger, type LedgerRun, RequestLog, runEntry } from './ledger.js';
import { RateWindows } from './limits.js';
import { ProjectStore } from './projects.js';
import { isAlive, type Run, RunStore } from './runs.js';
import { applySettings, type SandboxSettings } from './settings.js';

/** What a sandbox is at its start, and again after a reset. */
export interface InitialState {
  settings: unknown;
  projects: readonly unknown[];
  faults: readonly unknown[];
  /** What else is done at the beginning. */
  begin: (state: SandboxState) => void;
}

/** Everything one sandbox knows. Times inside are sandbox milliseconds. */
export class SandboxState {
  readonly #initial: InitialState;
  readonly clock: SandboxClock;
  settings: SandboxSettings;
  projects: ProjectStore;
  runs = new RunStore();
  windows = new RateWindows();
  faults: FaultBook;
  log = new RequestLog();
  /** Token -> fingerprint. Never shown. */
  readonly fingerprints = new Map<string, string>();
  /** Lets go of the requests that are kept waiting: each destroys one connection. */
  readonly held = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #listeners = new Set<() => void>();
  // Entries of runs that are over do not change: made once.
  #settled = new WeakMap<Run, LedgerRun>();

  constructor(initial: InitialState, realNow?: () => number) {
    this.#initial = initial;
    this.settings = applySettings(initial.settings);
    this.clock = new SandboxClock(this.settings.clockFactor, realNow);
    this.projects = new ProjectStore(() => this.clock.now());
    this.faults = new FaultBook(this.settings.seed);
    this.#fill();
  }

  #fill(): void {
    for (const project of this.#initial.projects) this.projects.put(project);
    this.faults.add(this.#initial.faults);
    this.#initial.begin(this);
  }

  /** Forgets all runs, requests, windows and faults and goes back to the first settings, projects and faults. */
  reset(): void {
    this.letGo();
    this.settings = applySettings(this.#initial.settings);
    this.clock.setFactor(this.settings.clockFactor);
    this.projects = new ProjectStore(() => this.clock.now());
    this.runs = new RunStore();
    this.windows = new RateWindows();
    this.log = new RequestLog();
    this.faults = new FaultBook(this.settings.seed);
    this.#fill();
    this.changed();
  }

  applySettings(patch: unknown): void {
    const before = this.settings;
    this.settings = applySettings(patch, before);
    if (this.settings.clockFactor !== before.clockFactor) this.clock.setFactor(this.settings.clockFactor);
    if (this.settings.seed !== before.seed) this.faults.reseed(this.settings.seed);
    this.changed();
  }

  ledger(): Ledger {
    const now = this.clock.now();
    const runs: LedgerRun[] = [];
    for (const run of this.runs.all()) {
      const known = this.#settled.get(run);
      const entry = known ?? runEntry(run, now);
      if (known === undefined && !isAlive(run, now)) this.#settled.set(run, entry);
      runs.push(entry);
    }
    return { now: new Date(now).toISOString(), runs, ...this.log.snapshot() };
  }

  /** Calls back after so many real milliseconds, unless the sandbox is reset or closed before. */
  after(realMs: number, call: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      call();
    }, realMs);
    this.#timers.add(timer);
    return timer;
  }

  cancelTimer(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  /** Calls the listener after every change of the ledger that is not made by the clock alone. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Drops the connections that are kept waiting and everything that was still to happen. */
  letGo(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const drop of [...this.held]) drop();
  }
}
