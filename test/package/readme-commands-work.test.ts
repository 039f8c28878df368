import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { cleanEnv, cli, emptyFolder, finish, startCli, startProcess } from '../support/cli.js';
import { until } from '../support/harness.js';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The commands of all shell blocks between two headings, a whole command each, without their comments. */
function commandsBetween(first: string, last: string): string[] {
  const text = readFileSync(file('README.md'), 'utf8');
  const part = text.slice(text.indexOf(`## ${first}`), text.indexOf(`## ${last}`));
  return [...part.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.replace(/ +#.*$/, '').trim())
      .filter((line) => line !== ''),
  );
}

/** A folder with our examples, and an `npx` that says what it was given, a word each, ended by a NUL. */
function clone(): { folder: string; path: string } {
  const folder = emptyFolder();
  symlinkSync(file('examples'), join(folder, 'examples'));
  const npx = join(folder, 'npx');
  writeFileSync(npx, '#!/bin/sh\nprintf \'%s\\0\' "$@"\n');
  chmodSync(npx, 0o755);
  return { folder, path: `${folder}${delimiter}${process.env.PATH}` };
}

it('every command of the README works beside dev, as written', { timeout: 180_000 }, async () => {
  const commands = commandsBetween('Five minutes', 'Pages');
  expect(commands.length).toBeGreaterThanOrEqual(12);
  // Nobody is asked to have a `temporal` or `temporal-hex` of their own.
  expect(commands.filter((command) => !command.startsWith('npx temporal-hex '))).toEqual([]);

  const dev = startCli(['dev', '--port', '0', '--duration', '1s']);
  const [, address = ''] = await dev.says(/Temporal +(127\.0\.0\.1:\d+)/);
  await dev.says(/Ctrl-C ends all of it/);
  const { folder, path } = clone();
  // The shell makes words of a line, and a process that has run others before runs them.
  const start = async (command: string) => {
    const { stdout } = await finish(startProcess('sh', ['-c', command], cleanEnv({ PATH: path }), folder));
    const [name, ...words] = stdout.split('\0').slice(0, -1);
    expect(name).toBe('temporal-hex');
    return cli(words, { TEMPORAL_ADDRESS: address }, folder);
  };
  const inOtherTerminals: Promise<void>[] = [];
  const runs = async (command: string) => {
    const { code, stderr } = await start(command);
    expect(code, `${command}\n${stderr}`).toBe(0);
  };
  for (const command of commands) {
    if (command.includes(' watch ')) inOtherTerminals.push(runs(command));
    else if (command.includes(' approve '))
      await until('the step waits', async () => (await start(command)).code === 0, 60_000);
    else await runs(command);
    if (command.includes(' approve ')) await Promise.all(inOtherTerminals.splice(0));
  }
  expect(inOtherTerminals).toEqual([]);
});
