import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cli, emptyFolder } from './cli.js';
import type { Harness } from './harness.js';

let made = 0;

/**
 * A working folder with pipeline files in `pipelines`, and `temporal-hex schedule` in it. A definition becomes a JSON
 * file whose name is of this test alone, and its schedule goes with the test; text becomes the file of that name, as
 * it is.
 */
export function pipelineFolder(
  { env, temporal }: Pick<Harness, 'env' | 'temporal'>,
  files: Record<string, object | string>,
) {
  const cwd = emptyFolder();
  mkdirSync(join(cwd, 'pipelines'));
  const own = `t${process.pid}-${made++}`;
  const name = (short: string) => `${own}-${short}`;
  const path = (file: string) => join(cwd, 'pipelines', file);
  const written = new Set<string>();
  const write = (file: string, content: object | string) => {
    if (typeof content === 'string') return writeFileSync(path(file), content);
    written.add(name(file));
    const definition = { name: name(file), steps: [{ projectId: 'a-project' }], ...content };
    writeFileSync(path(`${file}.json`), JSON.stringify(definition));
  };
  // A schedule that stays goes on firing, and the keepers of other tests look at it.
  onTestFinished(async () => {
    const handles = [...written].map((id) => temporal.schedule.getHandle(id));
    await Promise.all(handles.map((handle) => handle.delete().catch(() => undefined)));
  });
  for (const [file, content] of Object.entries(files)) write(file, content);
  const run = (...args: string[]) => cli(['schedule', ...args], env, cwd);
  const json = async (...args: string[]) => {
    const { stdout, stderr } = await run(...args, '--json');
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  return { cwd, name, write, run, json, remove: (short: string) => rmSync(path(`${short}.json`)) };
}
