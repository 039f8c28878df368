import { expect, it } from 'vitest';
import { harness } from '../support/harness.js';
import { pipelineFolder } from '../support/pipeline-folder.js';

it('200 files are applied at once', async () => {
  const { run, json } = pipelineFolder(
    await harness({ worker: false }),

    Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [
        `p${n}`,
        { timezone: 'Europe/Berlin', schedule: { cron: `${n % 60} 2 * * *` } },
      ]),
    ),
  );
  const began = Date.now();
  const { code, stdout } = await run('apply', 'pipelines');
  process.stdout.write(`200 files applied in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
  expect(code).toBe(0);
  expect(stdout.match(/^create/gm)).toHaveLength(200);
  const again: { action: string }[] = await json('apply', 'pipelines');
  expect(new Set(again.map(({ action }) => action))).toEqual(new Set(['unchanged']));
});
