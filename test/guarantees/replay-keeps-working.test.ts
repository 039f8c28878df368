import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const codePath = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
const options = { workflowBundle: { codePath } };
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));

/** Histories lie in files of the workflow's id, which workflow code sees. */
const replay = (name: string, history: string) =>
  Worker.runReplayHistory(options, JSON.parse(history), name.replace(/\.json$/, ''));

// A failure here means that running workflows would break on a deploy: guard the change with patched(), see CONTRIBUTING.
describe('a recorded history replays', () => {
  it.each(histories)('%s', async (name) => {
    await replay(name, readFileSync(`${folder}${name}`, 'utf8'));
  });
});

it('and the replay would notice a change: a history with another activity does not', async () => {
  const name = histories.find((each) => each.startsWith('hex-run')) ?? '';
  const changed = readFileSync(`${folder}${name}`, 'utf8').replaceAll('"triggerRun"', '"triggerRunTwice"');
  await expect(replay(name, changed)).rejects.toThrow(/[Nn]ondeterminism|Non-?determin/);
});
