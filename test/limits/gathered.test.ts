import { expect, it, onTestFinished, vi } from 'vitest';
import { gathered } from '../../src/activities/gathered.js';

/** A sender whose sendings end one by one. */
function sender(most = 100) {
  const sent: number[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  const send = gathered<number>((items) => {
    sent.push(items);
    return new Promise((resolve, reject) => {
      ends.push((error) => (error ? reject(error) : resolve()));
    });
  }, most);
  const end = async (index: number, error?: Error) => {
    ends[index]?.(error);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { send, sent, end };
}

it('the first goes at once; what comes meanwhile goes together, in order, when that one is done', async () => {
  const { send, sent, end } = sender();
  const first = send([1]);
  await end(-1);
  expect(sent).toEqual([[1]]);
  const later = [send([2, 3]), send([4])];
  await end(-1);
  expect(sent).toEqual([[1]]);
  await end(0);
  expect(sent).toEqual([[1], [2, 3, 4]]);
  await end(1);
  await Promise.all([first, ...later]);
});

it('an error goes to those whose sending it was, and the next ones are sent', async () => {
  const { send, sent, end } = sender();
  const first = send([1]);
  await end(-1);
  const second = send([2]);
  const refused = expect(first).rejects.toThrow('away');
  await end(0, new Error('away'));
  await refused;
  expect(sent).toEqual([[1], [2]]);
  await end(1);
  await second;
});

it('no more go together than may', async () => {
  const { send, sent, end } = sender(2);
  const all = [send([1]), send([2]), send([3])];
  for (let index = -1; index < 2; index++) await end(index);
  await Promise.all(all);
  expect(sent).toEqual([[1, 2], [3]]);
});

it('what may wait goes with the next that may not, and else when its time is over', async () => {
  const { send, sent, end } = sender();
  const patient = send([1], 60_000);
  await end(-1);
  expect(sent).toEqual([]);
  const urgent = send([2]);
  await end(-1);
  expect(sent).toEqual([[1, 2]]);
  await end(0);
  await Promise.all([patient, urgent]);
  const alone = send([3], 20);
  while (sent.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await end(1);
  await alone;
  expect(sent).toEqual([[1, 2], [3]]);
});

it('what may wait waits longer where sending takes long: a slow server is not kept busy, and a minute is not waited', async () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const sent: number[][] = [];
  const slow = (ms: number) => async (items: number[]) => {
    sent.push(items);
    await new Promise((resolve) => setTimeout(resolve, ms));
  };
  for (const [tookMs, waitsMs] of [
    [10, 200],
    [150, 600],
    [60_000, 1_000],
  ] as const) {
    const send = gathered(slow(tookMs), 100);
    void send([1]);
    await vi.advanceTimersByTimeAsync(tookMs);
    void send([2], 200);
    await vi.advanceTimersByTimeAsync(waitsMs - 1);
    expect(sent.splice(0)).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent.splice(0)).toEqual([[2]]);
  }
});
