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

export type RunStatus = (typeof runStatuses)[number];

export const finalStatuses = ['COMPLETED', 'ERRORED', 'KILLED', 'UNABLE_TO_ALLOCATE_KERNEL'] as const;

export type FinalStatus = (typeof finalStatuses)[number];

export const triggers = ['API', 'SCHEDULED', 'APP_REFRESH'] as const;

export type Trigger = (typeof triggers)[number];
