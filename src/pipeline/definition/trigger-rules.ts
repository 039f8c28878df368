/** Rules that ask for steps which have failed or merely ended: such steps run even when the pipeline is stopping. */
const AFTER_FAILURES: ReadonlySet<TriggerRule> = new Set([
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'one_failed',
  'one_done',
  'always',
]);

/** Airflow's trigger rules. `all_done_setup_success` is left out: there are no set-up steps here. */
export const TRIGGER_RULES = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'one_success',
  'one_failed',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'all_skipped',
  'always',
] as const;

/** When a step starts, by how the steps before it ended. */
export type TriggerRule = (typeof TRIGGER_RULES)[number];

/** How many of the steps that a step depends on ended in which way. */
export interface UpstreamCounts {
  total: number;
  success: number;
  skipped: number;
  failed: number;
  upstreamFailed: number;
}

/** What a rule decides: run, wait, or end the step as skipped or upstream_failed. */
export type RuleOutcome = 'run' | 'wait' | 'skipped' | 'upstream_failed';

/** Evaluates a rule as Airflow's `TriggerRuleDep` does. A step that depends on nothing always runs. */
export function evaluateRule(rule: TriggerRule, counts: UpstreamCounts): RuleOutcome {
  const { total, success, skipped, failed, upstreamFailed } = counts;
  if (total === 0) return 'run';
  const anyFailed = failed + upstreamFailed > 0;
  const done = success + skipped + failed + upstreamFailed;
  const allDone = done >= total;
  const when = (met: boolean): RuleOutcome => (met ? 'run' : 'wait');
  switch (rule) {
    case 'all_success':
      if (anyFailed) return 'upstream_failed';
      return skipped > 0 ? 'skipped' : when(success === total);
    case 'all_failed':
      return success + skipped > 0 ? 'skipped' : when(failed + upstreamFailed === total);
    case 'all_done':
      return when(allDone);
    case 'all_done_min_one_success':
      if (skipped > 0) return 'skipped';
      return allDone && success === 0 ? 'upstream_failed' : when(allDone);
    case 'one_success':
      if (success > 0) return 'run';
      if (!allDone) return 'wait';
      return skipped === total ? 'skipped' : 'upstream_failed';
    case 'one_failed':
      if (anyFailed) return 'run';
      return allDone ? 'skipped' : 'wait';
    case 'one_done':
      if (success + failed > 0) return 'run';
      return allDone ? 'skipped' : 'wait';
    case 'none_failed':
      return anyFailed ? 'upstream_failed' : when(success + skipped === total);
    case 'none_failed_min_one_success':
      if (anyFailed) return 'upstream_failed';
      return skipped === total ? 'skipped' : when(success + skipped === total);
    case 'none_skipped':
      return skipped > 0 ? 'skipped' : when(allDone);
    case 'all_skipped':
      return success + failed + upstreamFailed > 0 ? 'skipped' : when(skipped === total);
    case 'always':
      return 'run';
  }
}

/** Whether a step with this rule may run though one before it failed. */
export function runsAfterFailures(rule: TriggerRule): boolean {
  return AFTER_FAILURES.has(rule);
}
