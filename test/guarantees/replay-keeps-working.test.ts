import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { replayErrors } from '../support/replay.js';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const codePath = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));

const textOf = (name: string) => readFileSync(`${folder}${name}`, 'utf8');

/** Histories lie in files of the workflow's id, which workflow code sees. */
const replay = (files: [name: string, text: string][]) =>
  replayErrors(
    { workflowBundle: { codePath } },
    files.map(([name, text]) => ({ workflowId: name.replace(/\.json$/, ''), history: JSON.parse(text) })),
  );

// A failure here means that running workflows would break on a deploy: guard the change with patched(), see CONTRIBUTING.
describe('a recorded history replays', () => {
  let errors: (Error | undefined)[];
  beforeAll(async () => {
    errors = await replay(histories.map((name) => [name, textOf(name)]));
  });

  it.each(histories.map((name, index) => ({ name, index })))('$name', ({ index }) => {
    expect(errors).toHaveLength(histories.length);
    expect(errors[index]).toBeUndefined();
  });
});

it('and the replay would notice a change: a history with another activity does not', async () => {
  const name = histories.find((each) => each.startsWith('hex-run')) ?? '';
  const changed = textOf(name).replaceAll('"triggerRun"', '"triggerRunTwice"');
  const [error] = await replay([[name, changed]]);
  expect(error?.message).toMatch(/[Nn]ondeterminism|Non-?determin/);
});
