import { once } from 'node:events';
import type { WorkerProcess } from './processes.js';

/** In a worker process: any message is answered with the bytes in use on the heap. Needs --expose-gc. */
export function answerHeap(): void {
  process.on('message', async () => {
    // With turns of the event loop between them, so that what finalizers let go of is collected as well.
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.send?.(process.memoryUsage().heapUsed);
  });
}

/** Asks a worker process for it. */
export async function heapOf({ child }: WorkerProcess): Promise<number> {
  const answer = once(child, 'message');
  child.send('heap');
  const [bytes] = await answer;
  return bytes as number;
}
