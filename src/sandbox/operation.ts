/** The operations of the Hex API that the sandbox serves, by Hex's own names in lower camel case. */
export const operations = [
  'runProject',
  'getRunStatus',
  'listProjectRuns',
  'cancelRun',
  'getProject',
  'listProjects',
  'whoAmI',
] as const;

/** An operation of the API, by its name in Hex's reference. */
export type Operation = (typeof operations)[number];

/** Statuses of a run, as Hex documents them. */
export const runStatuses = [
  'PENDING',
  'RUNNING',
  'COMPLETED',
  'ERRORED',
  'KILLED',
  'UNABLE_TO_ALLOCATE_KERNEL',
] as const;

/** A status of a run in Hex. */
export type RunStatus = (typeof runStatuses)[number];

/** How a run can end. */
export const finalStatuses = ['COMPLETED', 'ERRORED', 'KILLED', 'UNABLE_TO_ALLOCATE_KERNEL'] as const;

/** A status that a run ends with. */
export type FinalStatus = (typeof finalStatuses)[number];

/** What can start a run. */
export const triggers = ['API', 'SCHEDULED', 'APP_REFRESH'] as const;

/** What started a run. */
export type Trigger = (typeof triggers)[number];
