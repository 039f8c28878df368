import { describe, expect, it } from 'vitest';
import { readDocument } from '../../src/documents/index.js';

/** Problems as lines, or what was read. */
function read(name: string, source: string | Buffer): unknown {
  const document = readDocument(name, Buffer.from(source));
  return document.ok ? document.value : document.problems.map(({ path, message }) => `${path}: ${message}`);
}

const yaml = (source: string | Buffer) => read('x.yaml', source);
const json = (source: string | Buffer) => read('x.json', source);

describe('a template without quotes is refused with its place and the mend', () => {
  it.each([
    [
      'steps:\n  - projectId: p\n    inputParams: { d: {{ params.date }} }\n',
      'steps[0].inputParams.d (line 3, column 23)',
      '"{{ params.date }}"',
    ],
    ['d: {{ a }}-x', 'd (line 1, column 4)', '"{{ a }}"'],
    ['s:\n  - {{ item }}\n', 's[0] (line 2, column 5)', '"{{ item }}"'],
    ['d: {% if x %}a{% endif %}', 'd (line 1, column 4)', '"{% if x %}"'],
    [`d: {{ a | date: "%Y" }}`, 'd (line 1, column 4)', `"{{ a | date: '%Y' }}"`],
    ['{{ a }}: b', 'line 1, column 1', '"{{ a }}"'],
  ])('%j', (source, place, mend) => {
    expect(yaml(source)).toEqual([`${place}: a template must stand in quotes: ${mend}`]);
  });
});

describe('no list, map or alias is ever a name', () => {
  it.each(['? [a]\n: b', '{ {a: 1}: b }', '? {a: 1}\n: b', 'a: &x 1\n*x : b'])('%j', (source) => {
    expect(yaml(source)).toEqual([expect.stringMatching(/^line \d, column \d: .* cannot be a name: /)]);
  });
});

describe('a number is what is written, or is refused', () => {
  const kept = ['3', '-5', '0', '1.5', '0.1', '9007199254740991', '1e-7'];
  it.each(kept)('%s is kept', (written) => {
    expect(yaml(`a: ${written}`)).toEqual({ a: Number(written) });
    expect(json(`{"a": ${written}}`)).toEqual({ a: Number(written) });
  });

  const changed = ['1.10', '1.0', '1e3', '68931401e2', '-0', '0.30000000000000004123', '1e309'];
  const tooLong = ['1742345678901234567', '12345678901234567890', '9007199254740993', '-9007199254740993'];
  it.each([...changed, ...tooLong])('%s is refused in YAML and in JSON', (written) => {
    const why = expect.stringMatching(/^a\.b\[0\] \(line 1, column \d+\): .*put it in quotes/);
    expect(yaml(`a: { b: [ ${written} ] }`)).toEqual([why]);
    expect(json(`{"a": {"b": [${written}]}}`)).toEqual([why]);
  });

  it.each(['01234', '08', '+4915112345678', '0x1F', '0o17', '5.', '.5', '.inf', '.nan'])(
    '%s is refused in YAML',
    (written) => {
      expect(yaml(`a: ${written}`)).toEqual([
        expect.stringMatching(/^a \(line 1, column 4\): .*put it in quotes/),
      ]);
      expect(yaml(`a: "${written}"\n${written}: 1`)).toEqual({ a: written, [written]: 1 });
    },
  );

  it('and dates, times and words stay text', () => {
    expect(yaml('a: 2026-01-31\nb: 12:30\nc: no\nd: on\ne: 1_000\nf: 1.2.3')).toEqual({
      ...{ a: '2026-01-31', b: '12:30', c: 'no', d: 'on', e: '1_000', f: '1.2.3' },
    });
  });
});

describe('merge keys and anchors', () => {
  it('work, in lists too; what is written beside them wins', () => {
    const source =
      'x-retry: &r { retry: { maxAttempts: 3 } }\nx-slow: &s { timeout: 2h, id: no }\nsteps:\n  - { <<: [*r, *s], id: a }\n  - { <<: *r, id: b }\n';
    expect(yaml(source)).toMatchObject({
      steps: [
        { retry: { maxAttempts: 3 }, timeout: '2h', id: 'a' },
        { retry: { maxAttempts: 3 }, id: 'b' },
      ],
    });
  });

  it('of hundreds of steps are no attack', () => {
    const steps = Array.from({ length: 500 }, (_, index) => `  - { <<: *d, id: s${index} }\n`);
    const value = yaml(`d: &d { a: { b: 1 } }\nsteps:\n${steps.join('')}`) as { steps: unknown[] };
    expect(value.steps[499]).toEqual({ a: { b: 1 }, id: 's499' });
  });

  it('cannot blow a small file up', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(', ')}]\n`;
    const names = [...'abcdefghij'];
    const bomb = names.map((name, index) => level(name, index === 0 ? 'x' : `*${names[index - 1]}`)).join('');
    expect(yaml(bomb)).toEqual([expect.stringMatching(/larger than 20000000 characters/)]);
    expect(yaml('a: &a [*a]')).toEqual(['a[0] (line 1, column 8): *a is a part of &a itself']);
    expect(yaml('a: *b')).toEqual([
      'a (line 1, column 4): there is no anchor &b before *b; text that begins with * must stand in quotes',
    ]);
    expect(yaml('<<: 5')).toEqual([
      expect.stringMatching(/^<< \(line 1, column 5\): what is merged must be/),
    ]);
  });
});

describe('what is no document is refused with line and column', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['bytes that are not UTF-8', Buffer.from('a: é\nb: \xe9\n', 'latin1'), /^line 1, column 4: is not UTF-8/],
    [
      'UTF-16',
      Buffer.from('\ufeffa: 1', 'utf16le'),
      /^line 1, column 1: the file is UTF-16: save it as UTF-8/,
    ],
    ['a control character', 'a: 1\nb: x\u0000', /^line 2, column 5: has the control character U\+0000/],
    ['an unknown tag', 'a: 1\nb: !secret x', /^b \(line 2, column 12\): has the tag !secret/],
    ['a duplicate key', 'a: 1\n"a": 2', /^a \(line 2, column 1\): "a" comes twice/],
    ['a second document', 'a: 1\n---\nb: 2', /^line 2, column 1: a second document begins here/],
    ['an empty file', '', /^line 1, column 1: the file is empty/],
    ['nothing but a comment', '# to do\n', /^line 1, column 1: the file is empty/],
    ['nothing but a marker', '---\n', /^line 1, column 1: the file is empty/],
    ['YAML 1.1', '%YAML 1.1\n---\na: yes', /^line 1, column 1: YAML is read as version 1\.2/],
    ['broken YAML', 'a:\n  - id: [\n', /^line 3, column 1: is not YAML: /],
    ['endless nesting', '['.repeat(20_000), /is not YAML|nested too deep/],
  ])('%s', (_what, source, message) => {
    expect(yaml(source)).toEqual([expect.stringMatching(message)]);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['a duplicate key', '{"a": {"b": 1,\n "b": 2}}', /^a\.b \(line 2, column 2\): "b" comes twice/],
    ['an empty file', '', /^line 1, column 1: is not JSON: value expected/],
    ['broken JSON', '{"steps": ', /^line 1, column 11: is not JSON: value expected/],
    ['a comma too many', '{"a": 1,\n}', /^line 2, column 1: is not JSON: property name expected/],
    ['a comment', '{} // x', /^line 1, column 4: is not JSON: invalid comment token/],
    ['no UTF-8', Buffer.from('{"a": "\xe9"}', 'latin1'), /^line 1, column 8: is not UTF-8/],
    ['endless nesting', '['.repeat(200_000), /nested too deep/],
  ])('%s in JSON', (_what, source, message) => {
    expect(json(source)).toEqual([expect.stringMatching(message)]);
  });

  it('a byte order mark is dropped', () => {
    expect(yaml('\ufeffa: 1')).toEqual({ a: 1 });
    expect(json('\ufeff{"a": 1}')).toEqual({ a: 1 });
  });

  it('a name that JavaScript objects know is a name like others', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    for (const value of [
      yaml(names.map((name) => `${name}: 1\n`).join('')),
      json(`{"__proto__": 1, "constructor": 1, "toString": 1}`),
    ])
      expect(Object.entries(value as object)).toEqual(names.map((name) => [name, 1]));
  });
});
