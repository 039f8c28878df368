import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReadPacing, type ReadPacing } from '../../src/hex/reads/pacing.js';
import { applyEvent, newLimiter, readPart } from '../../src/limits/index.js';
import { FEW, LOOK, type Reader, withReads } from '../../src/limits/readers.js';
import { LeasedPacing } from '../../src/worker/leased-pacing.js';

const MINUTE = 60_000;
const T0 = 1_000_000;

/** Sends a read if it may, as `pacedRead` does. */
async function read(pacing: ReadPacing, key: string): Promise<boolean> {
  await pacing.ready?.();
  let permit = pacing.reserve(key);
  if (!permit.ok && (await pacing.more?.())) permit = pacing.reserve(key);
  if (permit.ok) permit.settle({ limited: false });
  return permit.ok;
}

/** Workers that read as much as they may, and a limiter; time goes on by half seconds. */
function world(count: number) {
  let now = T0;
  let limiter = newLimiter();
  let answers = true;
  let signals = 0;
  /** What each has read in the last minute, as it said when it looked. */
  const told = new Map<string, number>();
  const all: number[] = [];
  const clock = () => now;
  const own = () => createReadPacing({ now: clock, random: () => 0 });
  const worker = (reader: string) => {
    const reads: number[] = [];
    const link = {
      async tell(told: object) {
        if (!answers) throw new Error('no answer');
        signals += 1;
        limiter = applyEvent(limiter, { type: 'reads', used: 0, keeps: 0, ...told, reader }, now);
      },
      async ask(atMs: number, used: number) {
        if (!answers) throw new Error('no answer');
        told.set(reader, used);
        return readPart(limiter, reader, atMs);
      },
    };
    const pacing = new LeasedPacing({ pacing: own(), link, now: clock });
    const look = async (key = 'read') => {
      if (!(await read(pacing, key))) return;
      reads.push(now);
      all.push(now);
    };
    return { pacing, reads, look };
  };
  const workers = Array.from({ length: count }, (_, index) => worker(`w${index}`));
  return {
    workers,
    own,
    clock,
    signals: () => signals,
    told,
    /** The most in any minute. */
    most: () =>
      Math.max(0, ...all.map((at) => all.filter((each) => each >= at && each < at + MINUTE).length)),
    loseAnswers() {
      answers = false;
    },
    wait(ms: number) {
      now += ms;
    },
    async pass(ms: number, who = workers) {
      for (const end = now + ms; now < end; now += 500) {
        for (const one of who) await one.look();
      }
    },
  };
}

const since = (reads: readonly number[], from: number) => reads.filter((at) => at >= from).length;

describe('one budget over all workers', () => {
  it('four that come one after the other read no more together than one may, and as much each', async () => {
    const { workers, pass, most, clock, told } = world(4);
    for (let n = 1; n <= 4; n++) await pass(20_000, workers.slice(0, n));
    await pass(2 * MINUTE);
    const from = clock();
    await pass(4 * MINUTE);
    expect(most()).toBeLessThanOrEqual(30);
    for (const one of workers) expect(since(one.reads, from)).toBeGreaterThanOrEqual(4 * 6);
    const used = [...told.values()].reduce((sum, part) => sum + part, 0);
    expect(used * 30).toBeGreaterThan(22);
    expect(used * 30).toBeLessThanOrEqual(30 + 4);
  });

  it('a burst of one alone after a quiet time is as large as without others, and it reads as much in the long run', async () => {
    const { workers, pass, wait, own, clock } = world(1);
    const [one] = workers;
    if (!one) throw new Error('one');
    await pass(MINUTE);
    wait(20 * MINUTE);
    const alone = own();
    let burst = 0;
    for (let n = 0; n < 15; n++) {
      await one.look(`run ${n}`);
      if (await read(alone, `run ${n}`)) burst += 1;
    }
    expect(burst).toBeGreaterThan(8);
    expect(since(one.reads, clock())).toBeGreaterThanOrEqual(burst);
    wait(MINUTE);
    const from = clock();
    await pass(10 * MINUTE);
    expect(since(one.reads, from)).toBeGreaterThan(10 * 27);
  });

  it('an hour of one alone at full speed costs a signal every ten minutes, and of one that reads seldom none', async () => {
    const { workers, pass, wait, signals } = world(1);
    await pass(60 * MINUTE);
    expect(signals()).toBeLessThanOrEqual(1 + 6);
    const before = signals();
    for (let n = 0; n < 60; n++) {
      wait(MINUTE);
      await workers[0]?.look();
    }
    expect(signals()).toBe(before);
  });

  it('two that read seldom do not make each other tell of themselves', async () => {
    const { workers, wait, signals } = world(2);
    for (let n = 0; n < 120; n++) {
      wait(MINUTE);
      await workers[n % 2]?.look();
    }
    expect(signals()).toBe(2);
  });

  it('one that comes beside one at full speed has its part within two minutes', async () => {
    const { workers, pass, most, clock } = world(2);
    const [first, second] = workers;
    if (!first || !second) throw new Error('two');
    await pass(3 * MINUTE, [first]);
    await pass(2 * MINUTE);
    const from = clock();
    await pass(2 * MINUTE);
    expect(since(second.reads, from)).toBeGreaterThanOrEqual(2 * 13);
    expect(most()).toBeLessThanOrEqual(30);
  });

  it('one that has died counts until Hex has forgotten its reads; another that is short then has everything', async () => {
    const { workers, pass, most, clock } = world(2);
    const [first, second] = workers;
    if (!first || !second) throw new Error('two');
    await pass(4 * MINUTE);
    await pass(13 * MINUTE, [second]);
    const from = clock();
    await pass(2 * MINUTE, [second]);
    expect(since(second.reads, from)).toBeGreaterThan(2 * 27);
    expect(most()).toBeLessThanOrEqual(30);
  });

  it('one that stops gives its part to the others at once, less what it has just read', async () => {
    const { workers, pass, most, clock } = world(2);
    const [first, second] = workers;
    if (!first || !second) throw new Error('two');
    await pass(4 * MINUTE);
    await first.pacing.leave();
    await pass(1.5 * MINUTE, [second]);
    const from = clock();
    await pass(MINUTE, [second]);
    expect(since(second.reads, from)).toBeGreaterThan(27);
    expect(most()).toBeLessThanOrEqual(30);
  });

  it('where the limiter does not answer, a worker goes on with what four may have', async () => {
    const { workers, pass, loseAnswers, clock } = world(1);
    await pass(2 * MINUTE);
    loseAnswers();
    await pass(MINUTE);
    const from = clock();
    await pass(4 * MINUTE);
    const reads = since(workers[0]?.reads ?? [], from);
    expect(reads).toBeGreaterThanOrEqual(4 * 6);
    expect(reads).toBeLessThanOrEqual(5 * 30 * FEW);
  }, 60_000);
});

it('at any moment all that Hex may count is within the limit, whoever comes, claims, looks or stops', () => {
  const move = fc.record({
    after: fc.oneof(fc.nat(3_000), fc.nat(30_000), fc.nat(900_000)),
    reader: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    does: fc.constantFrom('looks', 'looks', 'claims', 'leaves'),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 80 }), (moves) => {
      let now = T0;
      let readers: Reader[] = [];
      /** At which part each has been reading, by its own view. */
      const truth: { reader: string; part: number; until: number }[] = [];
      const current = (reader: string) => truth.findLast((one) => one.reader === reader && one.until > now);
      const counted = (reader: string) =>
        Math.max(
          0,
          ...truth.filter((one) => one.reader === reader && one.until + MINUTE > now).map(({ part }) => part),
        );
      const look = (reader: string) => {
        const part = readPart({ readers, clock: 0, settings: {} }, reader, now);
        const before = current(reader);
        if (before) before.until = now;
        if (part) truth.push({ reader, part: part.part, until: now + LOOK.holds * MINUTE });
        return part;
      };
      const tell = (reader: string, more: object) => {
        const told = { reader, used: counted(reader), keeps: current(reader)?.part ?? 0, ...more };
        readers = withReads(readers, told, now, {});
      };
      for (const { after, reader, does } of moves) {
        now += after;
        const known = look(reader);
        if (does === 'leaves') {
          if (known) tell(reader, { keeps: 0, leaves: true });
          const last = current(reader);
          if (last) last.until = now;
          continue;
        }
        if (!known || does === 'claims') tell(reader, does === 'claims' ? { claims: true } : {});
        else if (known.asked) tell(reader, known.claimed ? { claims: true } : {});
        look(reader);
        const sum = ['a', 'b', 'c', 'd', 'e', 'f'].reduce((total, each) => total + counted(each), 0);
        // Those that were asked and read nothing since count as a little less than they had: they may have died.
        expect(sum).toBeLessThanOrEqual(1 + 1 / 8 + 1e-6);
      }
    }),
    { numRuns: 300 },
  );
});
