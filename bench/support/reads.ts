/** Requests that read the status of runs, one by one or as a list, from the sandbox's counters. */
export function statusReads({ getRunStatus = 0, listProjectRuns = 0 }: Record<string, number>): number {
  return getRunStatus + listProjectRuns;
}
