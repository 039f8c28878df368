import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { Pace } from '../../src/console/pace.js';

/** Consoles in this file read lists five times as often as they may beside others. Call it at the head of the file. */
export function hurriedConsole(): void {
  const { turn } = Pace.prototype;
  beforeAll(() => {
    Pace.prototype.turn = async function <T>(this: Pace, read: () => T): Promise<Awaited<T>> {
      this.waiting++;
      await sleep(200, undefined, { ref: false });
      this.waiting--;
      this.reads++;
      return await read();
    };
  });
  afterAll(() => {
    Pace.prototype.turn = turn;
  });
}
