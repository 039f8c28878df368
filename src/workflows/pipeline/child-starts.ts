import { type ChildWorkflowOptions, executeChild, patched, startChild } from '@temporalio/workflow';
import { Semaphore } from './semaphore.js';

/** From more than so many children on, which might all begin at once, they begin in turn. */
const MANY = 100;
/** So many at a time: with 8 to 100 a thousand begin equally fast, and the fewer, the sooner is a question answered. */
const AT_ONCE = 10;

type Child<T> = (...args: unknown[]) => Promise<T>;

/**
 * Begins the children of a workflow. The server notes the begin of each by itself, and while it notes a thousand (8 s on
 * two cores), it hands out no task of their parent and answers no query.
 */
export class ChildStarts {
  private turns: Semaphore | null = null;
  private children = 0;

  /** So many more may begin at once. What has begun them all at once before goes on like that. */
  expect(children: number): void {
    this.children += children;
    if (this.children > MANY && !this.turns && patched('children-begin-in-turn'))
      this.turns = new Semaphore(AT_ONCE);
  }

  /** Begins one when its turn comes, and waits for its result. */
  run<T>(type: string, options: ChildWorkflowOptions): Promise<T> {
    return this.turns ? inTurn(this.turns, type, options) : executeChild<Child<T>>(type, options as never);
  }
}

async function inTurn<T>(turns: Semaphore, type: string, options: ChildWorkflowOptions): Promise<T> {
  const turn = turns.acquire();
  if (turn) await turn;
  const child = await startChild<Child<T>>(type, options as never).finally(() => turns.release());
  return child.result();
}
