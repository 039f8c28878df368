import { describe, expect, it } from 'vitest';
import type { HexRunInput } from '../../src/run/input.js';
import { FAST, harness } from '../support/harness.js';

const NOTIFICATION = {
  type: 'FAILURE' as const,
  includeSuccessScreenshot: false,
  slackChannelIds: ['C123'],
};

const FIELDS: [string, Partial<HexRunInput>, object][] = [
  ['nothing but the project', {}, {}],
  ['inputParams', { inputParams: { region: 'emea', top: 3, deep: { a: [null, true] } } }, {}],
  ['viewId', { viewId: 'view-1' }, { viewId: 'view-1' }],
  ['updateCache', { updateCache: false }, { updatePublishedResults: false }],
  ['useCachedSqlResults', { useCachedSqlResults: false }, { useCachedSqlResults: false }],
  ['notifications', { notifications: [NOTIFICATION] }, { notifications: [NOTIFICATION] }],
];

describe('what an input says is what the request to Hex says', () => {
  it.each(FIELDS)('%s, in a run and in a step', async (_, fields, sent) => {
    const { hex, sandbox } = await harness();
    const step = { projectId: 'sales', ...FAST, ...fields };
    await (await hex.startRun(step)).result();
    await (await hex.startPipeline({ steps: [step] })).result();
    const { inputParams, viewId } = fields;
    const updatePublishedResults = !inputParams && !viewId;
    const expected = { updatePublishedResults, ...(inputParams && { inputParams }), ...sent };
    expect(sandbox.ledger().runs.map(({ body }) => body)).toEqual([expected, expected]);
  });
});
