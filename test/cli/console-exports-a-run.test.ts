import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli, emptyFolder } from '../support/cli.js';
import { FAST, harness } from '../support/harness.js';

it('exports a run as one file that asks for nothing, with all text as text', async () => {
  const { env, hex } = await harness();
  const { workflowId } = await hex.startPipeline({
    name: 'exported',
    description: '</script><script>alert(1)</script>',
    steps: [{ id: 'load', projectId: 'load', ...FAST }],
  });
  await hex.result(workflowId);
  const folder = emptyFolder();
  const { code, stderr } = await cli(['console', 'export', workflowId, '-o', 'run.html'], env, folder);
  expect(code, stderr).toBe(0);
  const html = readFileSync(join(folder, 'run.html'), 'utf8');
  const [, data = ''] =
    /<script type="application\/json" id="exported-run">([^<]*)<\/script>/.exec(html) ?? [];
  expect(JSON.parse(data)).toMatchObject({
    run: { description: '</script><script>alert(1)</script>', status: 'success', steps: [{ id: 'load' }] },
    steps: { load: { result: { status: 'COMPLETED' } } },
  });
  expect(html).not.toContain('alert(1)</script>');
  expect(html).toMatch(/content="default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
  expect(html).not.toMatch(/(src|href)="(?!data:)/);
});
