import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { WaitingView } from '../../src/limits/forecast.js';
import { DEFAULT_SETTINGS, type LimiterView } from '../../src/limits/index.js';
import type { PipelineProgress, StepError, StepProgress } from '../../src/pipeline/execution/result.js';
import type { RunProgress } from '../../src/run/result.js';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

interface Defined {
  name: string;
  type: string;
}

/** `query progress`, by the workflow that handles it. */
type ByWorkflow = Record<string, string[]>;

it('the page has every signal, query and Update of src/contract/messages.ts, and no other', async () => {
  const defined = definedMessages(await import('../../src/contract/messages.js'));
  expect(Object.keys(defined)).toEqual([
    'hexRun',
    'hexPipeline',
    'hexSlice',
    'hexLimiter',
    'hexBackfill',
    'hexKeeper',
    'hexSensor',
    'hexKey',
  ]);
  expect(Object.values(defined).flat()).toHaveLength(39);
  expect(documentedMessages()).toEqual(defined);
});

it('the answers on the page have every field, and no other', () => {
  const [run, pipeline, limiter] = [...read('docs/messages.md').matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, json = '']) => JSON.parse(json),
  );
  const step = pipeline.steps[0];
  expect(Object.keys(run)).toEqual(Object.keys(RUN_PROGRESS));
  expect(Object.keys(pipeline)).toEqual(Object.keys(PIPELINE_PROGRESS));
  expect(Object.keys(step)).toEqual(Object.keys(STEP_PROGRESS));
  expect(Object.keys(step.error)).toEqual(Object.keys(STEP_ERROR));
  expect(Object.keys(limiter)).toEqual(Object.keys(LIMITER_VIEW));
  expect(Object.keys(limiter.line[0])).toEqual(Object.keys(WAITING_VIEW));
  expect(limiter.settings).toEqual(DEFAULT_SETTINGS);
});

/** By the headings in the file: `// hexRun`. What is under two names is of both. */
function definedMessages(exported: Record<string, unknown>): ByWorkflow {
  const found: ByWorkflow = {};
  let workflow = '';
  for (const line of read('src/contract/messages.ts').split('\n')) {
    workflow = /^\/\/ (hex\w+(?: or hex\w+)?)$/.exec(line)?.[1] ?? workflow;
    const [, name] = /^export const (\w+)/.exec(line) ?? [];
    if (name === undefined || workflow.includes(' or ')) continue;
    const value = madeFor('<connection>', exported[name]);
    const each = isDefined(value) ? [value] : (Object.values(value as object) as Defined[]);
    for (const one of each) found[workflow] = [...(found[workflow] ?? []), `${one.type} ${one.name}`].sort();
  }
  return found;
}

function documentedMessages(): ByWorkflow {
  const found: ByWorkflow = {};
  for (const section of read('docs/messages.md').split('\n## ').slice(1)) {
    const [workflow = ''] = section.split('\n');
    const rows = section.matchAll(/^\| (signal|query|update) \| `([\w/<>]+)` \|/gm);
    found[workflow] = [...rows].map(([, type, name]) => `${type} ${name}`).sort();
  }
  return found;
}

/** A message of which each connection has one of its own. */
const madeFor = (connection: string, value: unknown) =>
  typeof value === 'function' ? value(connection) : value;

function isDefined(value: unknown): value is Defined {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

// The compiler keeps these lists of fields complete.
const RUN_PROGRESS: Record<keyof RunProgress, 0> = {
  ...{ phase: 0, projectId: 0, runId: 0, runUrl: 0, status: 0, polls: 0, triggers: 0, waitingFor: 0 },
  ...{ adopted: 0, key: 0, startedAt: 0, connection: 0, expectedEnd: 0 },
};
const PIPELINE_PROGRESS: Record<keyof PipelineProgress, 0> = {
  ...{
    name: 0,
    status: 0,
    startedAt: 0,
    endedAt: 0,
    elapsedMs: 0,
    params: 0,
    steps: 0,
    levels: 0,
    paused: 0,
  },
  ...{ audit: 0, source: 0, rerunOf: 0, key: 0, existing: 0 },
  ...{ description: 0, owner: 0, tags: 0, warnings: 0, expectedEnd: 0 },
};
const STEP_PROGRESS: Record<keyof StepProgress, 0> = {
  ...{ id: 0, status: 0, kind: 0, dependsOn: 0, projectId: 0, workflowId: 0, runId: 0, runUrl: 0 },
  ...{ startedAt: 0, endedAt: 0, elapsedMs: 0, attempts: 0, waitingFor: 0, reason: 0, error: 0, items: 0 },
  ...{ reused: 0, connection: 0, expectedStart: 0, expectedEnd: 0 },
};
const STEP_ERROR: Record<keyof StepError, 0> = {
  ...{ type: 0, message: 0, hint: 0, projectId: 0, runId: 0, runUrl: 0, status: 0, leftRunning: 0 },
};
const LIMITER_VIEW: Record<keyof LimiterView, 0> = {
  ...{ at: 0, held: 0, triggering: 0, waiting: 0, starts: 0, reads: 0, settings: 0, penaltyUntil: 0 },
  ...{ penaltyText: 0, line: 0, moves: 0, lastRefusal: 0, tokenExpiresAt: 0 },
};
const WAITING_VIEW: Record<keyof WaitingView, 0> = {
  ...{ requestId: 0, workflowId: 0, projectId: 0, priority: 0, askedAt: 0, fairnessKey: 0 },
  ...{ place: 0, expectedAt: 0, exact: 0, waitsFor: 0, text: 0, ofStep: 0 },
};
