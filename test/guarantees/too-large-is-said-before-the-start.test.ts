import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli, emptyFolder } from '../support/cli.js';
import { harness } from '../support/harness.js';

const megabytes = (count: number) => randomBytes(count * 524_288).toString('hex');
const DEFINITION = { params: { rows: { type: 'string' } }, steps: [{ projectId: 'large' }] };

it('plan, pipeline, run and the client say what is larger than Temporal takes, and by how much', async () => {
  const rig = await harness({ worker: false });
  const folder = emptyFolder();
  const file = (name: string, value: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const rows = megabytes(3);
  const large = file('rows.json', { rows });
  const pipeline = file('pipeline.json', DEFINITION);
  const ends = await Promise.all([
    cli(['plan', pipeline, '--params-file', large]),
    cli(['pipeline', pipeline, '--params-file', large], rig.env),
    cli(['run', 'large', '--params-file', large], rig.env),
  ]);
  const said =
    /is 3\.00 MB as JSON, 1\.00 MB more than the 2 MB that Temporal takes; (params|inputParams)\.rows is the largest part of it/;
  for (const { code, stdout, stderr } of ends) {
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(said);
  }
  expect(() => rig.hex.startRun({ projectId: 'large', inputParams: { rows } })).toThrow(said);
  expect(() => rig.hex.startPipeline({ pipeline: DEFINITION as never, params: { rows } })).toThrow(said);
  expect(rig.sandbox.ledger().requests).toEqual([]);
});

it('plan says so too of a step that uses a large parameter twice', async () => {
  const folder = emptyFolder();
  const steps = [
    { id: 'twice', projectId: 'large', inputParams: { a: '{{ params.rows }}', b: '{{ params.rows }}' } },
  ];
  const input = { pipeline: { ...DEFINITION, steps }, params: { rows: megabytes(1.5) } };
  writeFileSync(join(folder, 'twice.json'), JSON.stringify(input));
  const { code, stderr } = await cli(['plan', 'twice.json'], {}, folder);
  expect(code).toBe(2);
  expect(stderr).toMatch(/steps\.twice: is 3\.00 MB as JSON, 1\.00 MB more than the 2 MB/);
});

it('and 1.5 MB reach Hex byte for byte', async () => {
  const rig = await harness();
  const rows = `ü${megabytes(1.5)}`;
  const run = await rig.hex.startRun({
    projectId: 'large',
    inputParams: { rows },
    poll: { first: '20ms', min: '20ms' },
  });
  await run.result();
  expect(rig.sandbox.ledger().runs[0]?.inputParams).toEqual({ rows });
});
