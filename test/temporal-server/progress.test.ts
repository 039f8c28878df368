import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createReporter, type ReportStream, showWhile } from '../../src/temporal-server/reporter.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function screen(isTTY: boolean): ReportStream & { text: string } {
  return {
    isTTY,
    columns: 40,
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
}

/** A long step of 31 seconds, shown on `reporter`. */
async function longStep(reporter: ReturnType<typeof createReporter>): Promise<void> {
  const work = new Promise<void>((done) => setTimeout(done, 31_000));
  const shown = showWhile(reporter, (elapsed) => `building, ${elapsed}`, work);
  await vi.advanceTimersByTimeAsync(31_000);
  await shown;
}

describe('a long step shows that it goes on', () => {
  it('on a terminal: redrawn in place every second, cut to its width, and gone at the end', async () => {
    const stream = screen(true);
    const reporter = createReporter({}, stream);
    await longStep(reporter);
    reporter.log('built');
    const drawn = stream.text.split('\r\x1b[2K');
    expect(drawn.slice(1, 4)).toEqual(['building, 1.0 s', 'building, 2.0 s', 'building, 3.0 s']);
    expect(drawn.slice(-2)).toEqual(['', 'built\n']);
    reporter.status('x'.repeat(100));
    expect(stream.text.endsWith(`\x1b[2K${'x'.repeat(39)}`)).toBe(true);
  });

  it('in a log: a line every 15 seconds', async () => {
    const stream = screen(false);
    await longStep(createReporter({}, stream));
    expect(stream.text).toBe('building, 15 s\nbuilding, 30 s\n');
  });

  it('with a log of the caller: the same lines go there, and nowhere else', async () => {
    const stream = screen(true);
    const lines: string[] = [];
    await longStep(createReporter({ log: (line) => lines.push(line) }, stream));
    expect(lines).toEqual(['building, 15 s', 'building, 30 s']);
    expect(stream.text).toBe('');
  });

  it('with a status of the caller: every second, and an empty one at the end', async () => {
    const states: string[] = [];
    await longStep(createReporter({ log() {}, status: (text) => states.push(text) }));
    expect(states).toHaveLength(31);
    expect(states.at(-1)).toBe('');
  });
});
