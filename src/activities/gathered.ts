interface Batch<T> {
  items: T[];
  sent: Promise<void>;
  /** It need not wait for more. */
  go(): void;
}

/** So much longer than the last sending took the next may wait for more: a slow server is to be kept no busier than this. */
const SHARE = 4;
/** But no longer, ms. */
const LONGEST_MS = 1_000;

/**
 * Sends one at a time: what comes while a sending is under way goes together with the next. Whoever has handed something
 * in waits for the sending that carries it, and gets its error.
 *
 * @param most so many go together at most
 * @returns hands something in; `withinMs`: so long it may wait for more to go with it, and up to a second where sending
 *   takes long; default not at all
 */
export function gathered<T>(
  send: (items: T[]) => Promise<void>,
  most: number,
): (items: readonly T[], withinMs?: number) => Promise<void> {
  let next: Batch<T> | null = null;
  let last: Promise<void> = Promise.resolve();
  let tookMs = 0;
  const open = (): Batch<T> => {
    let go = () => {};
    const mayGo = new Promise<void>((resolve) => {
      go = resolve;
    });
    const batch: Batch<T> = { items: [], sent: Promise.resolve(), go };
    const begin = async () => {
      await mayGo;
      if (next === batch) next = null;
      const began = performance.now();
      try {
        await send(batch.items);
      } finally {
        tookMs = performance.now() - began;
      }
    };
    batch.sent = last.then(begin, begin);
    last = batch.sent;
    return batch;
  };
  return (items, withinMs = 0) => {
    if (next && next.items.length + items.length > most) {
      next.go();
      next = null;
    }
    next ??= open();
    next.items.push(...items);
    if (withinMs > 0) setTimeout(next.go, Math.max(withinMs, Math.min(LONGEST_MS, SHARE * tookMs)));
    else next.go();
    return next.sent;
  };
}
