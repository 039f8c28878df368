import { type ChildWorkflowOptions, executeChild, patched, startChild } from '@temporalio/workflow';
import { Semaphore } from './semaphore.js';

/** From more than so many children on, which might all begin at once, they begin in turn. */
const MANY = 100;
/**
 * So many at a time: with 8 to 100 a thousand begin equally fast, and the fewer, the sooner is a question answered. The
 * next begin when all of these have: their parent then hears of several in one task. Ten pipelines that begin a thousand
 * each, one child after the other, had a task for every child, and took 2 s each to replay.
 */
const ROUND = 12;
/** One after the other, as before there were rounds. */
const AT_ONCE = 10;

type Child<T> = (...args: unknown[]) => Promise<T>;

/**
 * Begins the children of a workflow. The server notes the begin of each by itself, and while it notes a thousand (8 s on
 * two cores), it hands out no task of their parent and answers no query.
 */
export class ChildStarts {
  private turns: Turns | null = null;
  private children = 0;

  /** Whether one that is to begin may have to wait. */
  get inTurn(): boolean {
    return this.turns !== null;
  }

  /** So many more may begin at once. What has begun them all at once before goes on like that. */
  expect(children: number): void {
    this.children += children;
    if (this.children > MANY && !this.turns && patched('children-begin-in-turn'))
      this.turns = patched('children-begin-in-rounds') ? new Rounds(ROUND) : new Semaphore(AT_ONCE);
  }

  /** Begins one when its turn comes, and waits for its result. */
  run<T>(type: string, options: ChildWorkflowOptions): Promise<T> {
    return this.turns ? inTurn(this.turns, type, options) : executeChild<Child<T>>(type, options as never);
  }
}

type Turns = Pick<Semaphore, 'acquire' | 'release'>;

/** Turns that are given anew when all that were given have come back. */
class Rounds implements Turns {
  private readonly places: Semaphore;
  private taken = 0;
  private back = 0;

  constructor(size: number) {
    this.places = new Semaphore(size);
  }

  acquire(): Promise<void> | undefined {
    const turn = this.places.acquire();
    const take = () => {
      this.taken++;
    };
    if (turn) return turn.then(take);
    take();
    return undefined;
  }

  release(): void {
    this.back++;
    if (this.back < this.taken) return;
    const round = this.back;
    this.taken = 0;
    this.back = 0;
    for (let place = 0; place < round; place++) this.places.release();
  }
}

async function inTurn<T>(turns: Turns, type: string, options: ChildWorkflowOptions): Promise<T> {
  const turn = turns.acquire();
  if (turn) await turn;
  const child = await startChild<Child<T>>(type, options as never).finally(() => turns.release());
  return child.result();
}
