import type { HexRunStatus } from '../run/status.js';
import type { CallOptions } from './call.js';
import type { RunProjectRequest } from './run-request.js';

/** What a client needs to know to talk to one workspace of Hex as one user. */
export interface HexConnection {
  /** `default`, or the name of another connection; for messages. */
  name: string;
  /** Origin of the workspace, such as `https://app.hex.tech`; `/api/v1` may follow. */
  baseUrl: string;
  /** Asked at every request, so that a rotated token is used at once. */
  token: () => string | Promise<string>;
  /** Use the singular run paths that Hex had until 2025. Default false. */
  legacyPaths?: boolean;
  /** Time limit of a request in ms, answer included. Default 30,000. */
  timeoutMs?: number;
}

/** Who a token belongs to. A workspace token has no person: all but the organisation is null. */
export interface HexIdentity {
  /** Id of the user. */
  id: string | null;
  /** Name of the user. */
  name: string | null;
  /** E-mail address of the user. */
  email: string | null;
  /** Role of the user in the workspace, such as `ADMIN`. */
  role: string | null;
  /** Id of the organisation. */
  orgId: string | null;
  /** ISO; null where the token does not expire or Hex does not say. */
  tokenExpiresAt: string | null;
  /** When Hex said so, by its clock: the `Date` of the answer, ISO. */
  date: string | null;
}

/** A project as Hex lists it. */
export interface HexProject {
  /** What a run is started with. */
  id: string;
  /** Its name in Hex. */
  title: string;
  /** `PROJECT` or `COMPONENT`. */
  type: string | null;
  /** A label of the workspace, such as `Approved`; says nothing of publication. */
  status: string | null;
  /** ISO. */
  lastPublishedAt: string | null;
  /** Whether there is a published version, without which a project cannot be run. */
  published: boolean;
}

/** Which projects to list. Each field as in Hex's API; all false or absent by default. */
export interface ProjectFilter {
  /** Archived projects too. */
  includeArchived?: boolean;
  /** Components too. */
  includeComponents?: boolean;
  /** Projects in the trash too. */
  includeTrashed?: boolean;
  /** Names of statuses of the workspace. */
  statuses?: string[];
  /** Names of categories of the workspace. */
  categories?: string[];
  /** Of this creator only. */
  creatorEmail?: string;
  /** Of this owner only. */
  ownerEmail?: string;
  /** Of this collection only. */
  collectionId?: string;
  /** Default: newest created first. */
  sortBy?: 'CREATED_AT' | 'LAST_EDITED_AT' | 'LAST_PUBLISHED_AT';
  /** Which way to sort. */
  sortDirection?: 'ASC' | 'DESC';
}

/** The answer to a start. */
export interface StartedRun {
  /** Empty only for a dry run whose answer names no run. */
  runId: string;
  /** The project. */
  projectId: string;
  /** Page of the run in Hex. */
  runUrl: string | null;
  /** As Hex says; never called, since it could point anywhere. */
  runStatusUrl: string | null;
  /** The published version that runs. */
  projectVersion: string | null;
  /** Hex's trace id of this answer, for their support. */
  traceId: string | null;
}

/** A run as Hex tells it. */
export interface HexRunInfo {
  /** The project. */
  projectId: string;
  /** Id of the run. */
  runId: string;
  /** Page of the run in Hex. */
  runUrl: string | null;
  /** A number as text, or `draft`. */
  projectVersion: string | null;
  /** How it stands. */
  status: HexRunStatus;
  /** `API`, `SCHEDULED` or `APP_REFRESH`. */
  trigger: string | null;
  /** ISO; null while the run waits. */
  startTime: string | null;
  /** ISO; null until the run has ended. */
  endTime: string | null;
  /** Hex's own measure, in ms. */
  elapsedMs: number | null;
  /** Hex's id of this request, not of the run. */
  traceId: string | null;
  /** When Hex said so, by its clock: the `Date` of the answer, ISO. */
  date: string | null;
}

/** Which runs of a project to list. */
export interface RunQuery {
  /** 1 to 100. Default 25, as Hex's. */
  limit?: number;
  /** How many runs to leave out, newest first. Default 0. */
  offset?: number;
  /** One status. Default: any. */
  status?: string;
  /** Default `ALL`, which is always said, because Hex's own default has changed. */
  trigger?: 'API' | 'SCHEDULED' | 'APP_REFRESH' | 'ALL';
}

/** One page of a project's runs. */
export interface RunPage {
  /** Newest first. */
  runs: HexRunInfo[];
  /** Whether another page follows; the next offset is ours to count. */
  hasMore: boolean;
  /** Hex's trace id of this answer, for their support. */
  traceId: string | null;
  /** Hex's clock, ISO. */
  date: string | null;
}

/** The part of Hex's API that runs need. Every method throws a `HexError`, and none sends a request twice. */
export interface HexClient {
  /** Name of the connection. */
  readonly connection: string;
  /** Who the token belongs to: the cheapest call that tells whether it is good. */
  whoAmI(options?: CallOptions): Promise<HexIdentity>;
  /** All pages. A time limit holds for each. */
  listProjects(filter?: ProjectFilter, options?: CallOptions): Promise<HexProject[]>;
  /** One project. Throws `HexNotFoundError` where the token does not see it. */
  getProject(projectId: string, options?: CallOptions): Promise<HexProject>;
  /** Starts a run of the published version. See `outcome` of the error before trying again. */
  runProject(projectId: string, request?: RunProjectRequest, options?: CallOptions): Promise<StartedRun>;
  /** How one run stands now. Throws `HexNotFoundError` where Hex does not know it. */
  getRunStatus(projectId: string, runId: string, options?: CallOptions): Promise<HexRunInfo>;
  /** One page of a project's runs. */
  listProjectRuns(projectId: string, query?: RunQuery, options?: CallOptions): Promise<RunPage>;
  /** Asks Hex to stop a run; whether it has stopped has to be read. Hex refuses (422) where the run has ended. */
  cancelRun(projectId: string, runId: string, options?: CallOptions): Promise<void>;
}
