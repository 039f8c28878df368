import type { ReadLoad } from '../../limits/read-share.js';
import type { CallOptions } from '../call.js';
import type { HexRunInfo, RunPage } from '../types.js';
import { ProjectReads, type RunReader } from './project-reads.js';

/** A run not asked for this long is no longer in flight; reads are at most a few minutes apart. */
const FORGOTTEN_MS = 600_000;

/** Status reads of one worker process on one connection. */
export interface SharedReads {
  /**
   * A run's status. Reads of one project that fall together are answered by one run list; a run that the list does not
   * show, and a run alone in its project, is read by itself. Rejects as the reader does.
   */
  getRunStatus(projectId: string, runId: string, options?: CallOptions): Promise<HexRunInfo>;
  /**
   * The newest hundred runs of a project, of any trigger, by a list that is no older than `maxAgeMs`. All who ask together are answered by one
   * list, and so are the reads of runs of the project. Rejects as the reader does.
   */
  newestRuns(projectId: string, maxAgeMs: number, options?: CallOptions): Promise<RunPage>;
  /** The runs that are being followed, for the interval to the next read. */
  load(projectId: string): ReadLoad;
  /** The run has ended, as a read past these has shown: it no longer counts as followed. */
  leave(projectId: string, runId: string): void;
}

/** How reads are gathered. */
export interface SharedReadsOptions {
  /** How long the first read waits for others of its project, ms. Default 150. */
  windowMs?: number;
  /** Milliseconds; default Date.now. */
  now?: () => number;
}

/** Answers reads of a status project by project. */
export function createSharedReads(reader: RunReader, options: SharedReadsOptions = {}): SharedReads {
  const settings = { windowMs: 150, now: Date.now, ...options };
  const projects = new Map<string, ProjectReads>();

  const forget = () => {
    const since = settings.now() - FORGOTTEN_MS;
    for (const [id, project] of projects) {
      project.leaveUnasked(since);
      if (project.idle) projects.delete(id);
    }
  };

  const projectOf = (projectId: string) => {
    forget();
    const project = projects.get(projectId) ?? new ProjectReads(reader, projectId, settings);
    projects.set(projectId, project);
    return project;
  };

  return {
    async getRunStatus(projectId, runId, call = {}) {
      call.signal?.throwIfAborted();
      return projectOf(projectId).read(runId, call);
    },
    async newestRuns(projectId, maxAgeMs, call = {}) {
      call.signal?.throwIfAborted();
      return projectOf(projectId).newest(maxAgeMs, call);
    },
    load(projectId) {
      const runs = [...projects.values()].map((project) => project.runs).filter((count) => count > 0);
      return {
        runs: runs.reduce((sum, count) => sum + count, 0),
        projects: runs.length,
        sameProject: projects.get(projectId)?.runs ?? 0,
      };
    },
    leave(projectId, runId) {
      projects.get(projectId)?.leave(runId);
    },
  };
}
