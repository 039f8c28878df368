import fc from 'fast-check';
import { expect, it } from 'vitest';
import { paramValue } from '../../src/cli/input/params.js';

it('takes valid JSON as JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const written = JSON.stringify(value);
      fc.pre(JSON.stringify(JSON.parse(written)) === written && !written.includes('e'));
      // Of a number with more digits than are kept, the command cannot know what was meant.
      fc.pre(!/(?<![\d.])\d{16,}(?![\d.])/.test(written));
      expect(JSON.stringify(paramValue(written))).toBe(`{"ok":true,"value":${written}}`);
    }),
  );
});

it.each([
  ...['2026-01-31', 'emea', '', '007', '1.2.3', '+1', 'True', '{date}', '[a]', "'3'", '3 apples'],
  ...['1.10', '1.0', '68931401e2', '1e3', '1e400', '-0', ' 3', '3 ', '12345678901234567890'],
])('leaves %j as text, since that is what was typed', (text) => {
  expect(paramValue(text)).toEqual({ ok: true, value: text });
});

it.each([
  ['3', 3],
  ['-5', -5],
  ['1.5', 1.5],
  ['9007199254740991', 9_007_199_254_740_991],
])('takes %s as a number, since it is printed so too', (text, value) => {
  expect(paramValue(text)).toEqual({ ok: true, value });
});

it.each([
  ['string', '5', '5'],
  ['string', 'true', 'true'],
  ['string', 'null', 'null'],
  ['string', '{"a":1}', '{"a":1}'],
  ['string', '"5"', '5'],
  ['date', '20260131', '20260131'],
  ['integer', '5', 5],
] as const)('gives a parameter declared as %s what was typed: %s', (type, text, value) => {
  expect(paramValue(text, type)).toEqual({ ok: true, value });
});

it.each([
  ['{"id": 12345678901234567890}', 'id (line 1, column 8)', /more digits than a number keeps/],
  ['[1, [1.10]]', '[1][0] (line 1, column 6)', /1\.10 would be sent as 1\.1/],
  ['{"a": 1, "a": 2}', 'a (line 1, column 10)', /"a" comes twice/],
])('refuses %s, in which a value would change', (text, path, message) => {
  const problem = { path, message: expect.stringMatching(message) };
  expect(paramValue(text)).toEqual({ ok: false, problems: [problem] });
});
