import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/base/json.js';
import { contentsOf, renderText } from '../../src/templates/engine.js';

const RUNS = { numRuns: 200 };

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
/** Text without anything that could be a template. */
const plain = fc.string().filter((text) => !/[{}%]/.test(text));
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/).filter((text) => !RESERVED.has(text));
const RESERVED = new Set([
  'true',
  'false',
  'nil',
  'null',
  'empty',
  'blank',
  'and',
  'or',
  'not',
  'contains',
  'size',
  'first',
  'last',
]);

const value = (text: string, scope: object) => {
  const result = renderText(text, scope);
  return 'value' in result ? result.value : `ERROR ${result.error}`;
};

describe('templates', () => {
  it('a whole-value expression keeps its type, whatever the value', () => {
    fc.assert(
      fc.property(name, json, fc.constantFrom('', ' ', '  '), (key, given, space) => {
        expect(value(`{{${space}params.${key}${space}}}`, { params: { [key]: given } })).toEqual(given);
      }),
      RUNS,
    );
  });

  it('inside a text a value stands as text, and the text around it stays as it is', () => {
    fc.assert(
      fc.property(plain, plain, fc.oneof(plain, fc.integer(), fc.boolean()), (before, after, given) => {
        expect(value(`${before}.{{ params.x }}.${after}`, { params: { x: given } })).toBe(
          `${before}.${given}.${after}`,
        );
      }),
      RUNS,
    );
  });

  it('lists and objects inside a text stand as JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.integer()), fc.dictionary(name, fc.integer())), (given) => {
        expect(value('x {{ params.x }}', { params: { x: given } })).toBe(`x ${JSON.stringify(given)}`);
      }),
      RUNS,
    );
  });

  it('an unknown variable is always an error, never nothing', () => {
    fc.assert(
      fc.property(name, name, json, (known, unknown, given) => {
        fc.pre(known !== unknown);
        for (const text of [
          `{{ params.${unknown} }}`,
          `a {{ params.${unknown} | upcase }}`,
          `{{ ${unknown} }}`,
        ])
          expect(value(text, { params: { [known]: given } })).toMatch(/^ERROR undefined variable/);
      }),
      RUNS,
    );
  });

  it('no text makes it throw, and the same text always gives the same', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '{{',
        '}}',
        '{%',
        '%}',
        ' params.x ',
        ' | date: "%Y"',
        'if ',
        'endif',
        'raw',
        '|',
        '..',
        '(1..3)',
        '"',
        "'",
        '[',
        ']',
      ),
      name,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const scope = { params: { x: [1, { y: 'z' }] } };
        expect(renderText(text, scope)).toEqual(renderText(text, scope));
        expect(() => contentsOf(text)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it('a value that looks like a template is not rendered again', () => {
    expect(value('{{ params.x }}', { params: { x: '{{ run.workflowId }}' } })).toBe('{{ run.workflowId }}');
    expect(value('a{{ params.x }}', { params: { x: '{{ run.workflowId }}' } })).toBe('a{{ run.workflowId }}');
  });

  it('nothing but the given values can be reached', () => {
    const scope = { params: { x: 'a', list: [1], object: {} } };
    for (const path of [
      ...[
        'params.constructor',
        'params.x.constructor',
        'params.__proto__',
        'params.list.constructor.constructor',
      ],
      ...[
        'params.object.toString',
        'params["__proto__"]',
        'params.list.map',
        'globalThis',
        'process.env',
        'this',
      ],
    ])
      expect(value(`{{ ${path} }}`, scope)).toMatch(/^ERROR/);
  });

  it('there are no loops, includes, clocks or dice', () => {
    for (const text of [
      ...['{% for i in (1..3) %}x{% endfor %}', '{% include "x" %}', '{% render "x" %}', '{% layout "x" %}'],
      ...[
        '{% tablerow i in (1..3) %}{% endtablerow %}',
        '{% liquid echo 1 %}',
        '{% capture x %}1{% endcapture %}',
      ],
      ...[
        '{{ "now" | date: "%s" }}',
        '{{ "today" | date: "%s" }}',
        '{{ params.list | sample }}',
        '{{ "a" | sha256 }}',
      ],
      ...[
        '{{ params.list | where_exp: "x", "x" }}',
        '{{ params.list | map_exp: "x", "x" }}',
        '{{ (1..99999999) | join }}',
      ],
    ])
      expect(value(text, { params: { list: [1, 2] } })).toMatch(/^ERROR/);
  });

  it.each([
    ["{{ params.n > 3 and params.s contains 'b' }}", true],
    ["{{ params.s == 'x' or params.flag }}", true],
    ['{{ params.missing | default: 7 }}', 7],
    ['{{ params.list | size }}', 3],
    ['{{ params.list | join: "-" }}', '3-1-2'],
    ['{{ params.list | sort }}', [1, 2, 3]],
    ['{{ params.list[1] | plus: 1 }}', 2],
    ['{{ params["a b"].c }}', 'deep'],
    ['{% if params.flag %}yes{% else %}no{% endif %}', 'yes'],
    ['{% case params.s %}{% when "abc" %}1{% else %}2{% endcase %}', '1'],
    ['{% assign y = params.n | times: 2 %}{{ y }}', '10'],
    ['{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
    ['{{ params.date | date: "%d.%m.%Y" }}', '29.02.2024'],
    ['{{ params.date | date_add: "-1d" }}', '2024-02-28'],
    ['{{ params.date | date_add: "1d" }}', '2024-03-01'],
    ['{{ params.time | date_add: "36h" }}', '2026-03-30T12:30:00.000Z'],
    ['{{ params.time | date: "%F %T %z", "Europe/Berlin" }}', '2026-03-29 01:30:00 +0100'],
    ['{{ params.time | date: "%Y-%m-%d %H:%M", "America/Los_Angeles" }}', '2026-03-28 17:30'],
    [
      '{{ params.time | date: "%a %A %b %B %j %u %I %p %y %e %s %%" }}',
      'Sun Sunday Mar March 088 7 12 AM 26 29 1774744200 %',
    ],
    ['{{ params.nothing }}', null],
    ['{{ nil }}', null],
  ] as [string, JsonValue][])('%s gives %j', (text, expected) => {
    const time = '2026-03-29T00:30:00Z';
    const params = {
      n: 5,
      s: 'abc',
      flag: true,
      list: [3, 1, 2],
      'a b': { c: 'deep' },
      date: '2024-02-29',
      time,
      nothing: null,
    };
    expect(value(text, { params })).toEqual(expected);
  });

  it('summer time begins in the named zone', () => {
    const at = (time: string) => value('{{ t | date: "%H:%M %z", "Europe/Berlin" }}', { t: time });
    expect([at('2026-03-29T00:59:00Z'), at('2026-03-29T01:00:00Z')]).toEqual(['01:59 +0100', '03:00 +0200']);
  });
});
