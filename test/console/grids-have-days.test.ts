import { expect, it } from 'vitest';
import { dayTicks } from '../../src/console/web/lib/ticks.js';

const daily = (year: number, month: number, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ year, month, day: from + index }));

it('nothing stands beside the name of a month, which would cover it', () => {
  expect(dayTicks(daily(2026, 11, 14, 20))).toEqual(['Nov', '', '', '', '', '', '20']);
  const turn = [...daily(2026, 11, 30, 30), ...daily(2026, 12, 1, 5)];
  expect(dayTicks(turn)).toEqual(['Nov', '', 'Dec', '', '', '5']);
  const monthly = [1, 2, 3, 4].map((month) => ({ year: 2026, month, day: 1 }));
  expect(dayTicks(monthly)).toEqual(['Jan', '', 'Mar', '']);
});

it('a day stands above its first run alone', () => {
  const day = { year: 2026, month: 11, day: 15 };
  expect(dayTicks([...daily(2026, 11, 13, 14), day, day, day])).toEqual(['Nov', '', '15', '', '']);
});
