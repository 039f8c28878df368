import fc from 'fast-check';
import { expect, it } from 'vitest';
import { paramValue } from '../src/cli/params.js';

it('takes valid JSON as JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!Number.isInteger(value) || Number.isSafeInteger(value));
      expect(JSON.stringify(paramValue(JSON.stringify(value)))).toBe(JSON.stringify(value));
    }),
  );
});

it.each(['2026-01-31', 'emea', '', '007', '1.2.3', '+1', 'True', '{date}', '[a]', "'3'", '3 apples'])(
  'leaves %j as text',
  (text) => {
    expect(paramValue(text)).toBe(text);
  },
);

it('keeps the digits of a number that is too long for one', () => {
  expect(paramValue('12345678901234567890')).toBe('12345678901234567890');
  expect(paramValue('9007199254740991')).toBe(9_007_199_254_740_991);
});
