import { describe, expect, it } from 'vitest';
import {
  evaluateRule,
  type RuleOutcome,
  TRIGGER_RULES,
  type TriggerRule,
} from '../../src/pipeline/definition/trigger-rules.js';

/** Ends of three earlier steps: s success, f failed, u upstream_failed, k skipped, - not ended. */
const CASES: Record<string, Record<TriggerRule, RuleOutcome>> = {
  sss: row('run skipped run run run skipped run run run run skipped run'),
  ssf: row('upstream_failed skipped run run run run run upstream_failed upstream_failed run skipped run'),
  ssk: row('skipped skipped run skipped run skipped run run run skipped skipped run'),
  fff: row(
    'upstream_failed run run upstream_failed upstream_failed run run upstream_failed upstream_failed run skipped run',
  ),
  fuu: row(
    'upstream_failed run run upstream_failed upstream_failed run run upstream_failed upstream_failed run skipped run',
  ),
  uuu: row(
    'upstream_failed run run upstream_failed upstream_failed run skipped upstream_failed upstream_failed run skipped run',
  ),
  kkk: row('skipped skipped run skipped skipped skipped skipped run skipped skipped run run'),
  kkf: row(
    'upstream_failed skipped run skipped upstream_failed run run upstream_failed upstream_failed skipped skipped run',
  ),
  'ss-': row('wait skipped wait wait run wait run wait wait wait skipped run'),
  'f--': row('upstream_failed wait wait wait wait run run upstream_failed upstream_failed wait skipped run'),
  'k--': row('skipped skipped wait skipped wait wait wait wait wait skipped wait run'),
  '---': row('wait wait wait wait wait wait wait wait wait wait wait run'),
};

function row(outcomes: string): Record<TriggerRule, RuleOutcome> {
  const list = outcomes.split(' ') as RuleOutcome[];
  return Object.fromEntries(TRIGGER_RULES.map((rule, index) => [rule, list[index]])) as Record<
    TriggerRule,
    RuleOutcome
  >;
}

const count = (ends: string, letter: string) => [...ends].filter((end) => end === letter).length;

describe("trigger rules decide as Airflow's do", () => {
  for (const rule of TRIGGER_RULES)
    it(rule, () => {
      for (const [ends, outcomes] of Object.entries(CASES)) {
        const counts = {
          total: ends.length,
          success: count(ends, 's'),
          failed: count(ends, 'f'),
          upstreamFailed: count(ends, 'u'),
          skipped: count(ends, 'k'),
        };
        expect({ ends, outcome: evaluateRule(rule, counts) }).toEqual({ ends, outcome: outcomes[rule] });
      }
    });

  it('a step that depends on nothing runs by any rule', () => {
    for (const rule of TRIGGER_RULES)
      expect(evaluateRule(rule, { total: 0, success: 0, skipped: 0, failed: 0, upstreamFailed: 0 })).toBe(
        'run',
      );
  });
});
