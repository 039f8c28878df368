import type { ScheduleClient, WorkflowClient } from '@temporalio/client';
import type { HexClient, LearnedReads, ReadLimits, SharedReads } from '../hex/index.js';
import type { HttpSettings } from '../http/secrets.js';
import type { Webhook } from '../notifications/webhook.js';
import type { Limiters } from './limiters.js';

/** What the activities work with; made once by the worker. */
export interface ActivityDependencies {
  /** The client of a named connection. Throws when the worker's environment has no such connection. */
  hex: (connection: string) => HexClient;
  /** How the reads of a connection are shared and paced; null, or left out, for one request a read. */
  reads?: (connection: string) => ReadPolicy | null;
  /**
   * How long a read or a cancel goes on asking after a 401, 403 or 404, in ms: a token may be in rotation while a run
   * goes on. A start fails at once. Default 10 minutes.
   */
  patienceMs?: number;
  /** Which workflows own which Hex runs. Without it, every run of a project may be a candidate for adoption. */
  owners?: RunOwners;
  /** Temporal's workflows of the worker's namespace, to find out which workflows are still open. */
  workflows?: WorkflowClient;
  /** Temporal's schedules of the worker's namespace, for the keeper. */
  schedules?: ScheduleClient;
  /** Who gives permits to start runs. Without it, starts are not limited. */
  limiters?: Limiters;
  /** Whether the namespace knows the search attributes of runs. Default false. */
  searchAttributes?: boolean;
  /** Whether the namespace knows the search attribute of keys. Default false. */
  keyAttribute?: boolean;
  /** Whether the namespace knows the search attributes of pipelines by now. Default: no. */
  pipelineAttributes?: () => boolean;
  /** Folder of pipeline files that can be started by name (`HEX_PIPELINES_DIR`). Default: none. */
  pipelinesDir?: string | null;
  /** What `http` steps may reach (`HEX_HTTP_HOSTS`), and the secrets they may name (`HEX_HTTP_SECRET_...`). Default: nothing. */
  http?: HttpSettings;
  /** Where notifications go, by name (`HEX_NOTIFY_<NAME>_URL`, `_FORMAT`, ...). Default: none. */
  webhooks?: Readonly<Record<string, Webhook>>;
  /** Names of the webhooks that get alerts (`HEX_NOTIFY_ALERTS`). Default: none. */
  alerts?: readonly string[];
  /** Address of Temporal's Web UI (`TEMPORAL_UI_URL`), for links in messages. Default: none. */
  temporalUiUrl?: string | null;
}

/** How status reads of a connection are made. */
export interface ReadPolicy {
  /** Answers reads of one project that fall together by one list. */
  shared: SharedReads;
  /** What earlier runs say of when the next read is due. */
  learned: LearnedReads;
  limits: ReadLimits;
}

/** Knows which Hex runs belong to a workflow of ours. */
export interface RunOwners {
  /** The ids among `runIds` that a workflow other than `workflowId` owns. */
  ownedByOthers(runIds: readonly string[], workflowId: string): Promise<string[]>;
}
