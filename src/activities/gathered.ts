interface Batch<T> {
  items: T[];
  sent: Promise<void>;
  /** It need not wait for more. */
  go(): void;
}

/**
 * Sends one at a time: what comes while a sending is under way goes together with the next. Whoever has handed something
 * in waits for the sending that carries it, and gets its error.
 *
 * @param most so many go together at most
 * @returns hands something in; `withinMs`: so long it may wait for more to go with it, default not at all
 */
export function gathered<T>(
  send: (items: T[]) => Promise<void>,
  most: number,
): (items: readonly T[], withinMs?: number) => Promise<void> {
  let next: Batch<T> | null = null;
  let last: Promise<void> = Promise.resolve();
  const open = (): Batch<T> => {
    let go = () => {};
    const mayGo = new Promise<void>((resolve) => {
      go = resolve;
    });
    const batch: Batch<T> = { items: [], sent: Promise.resolve(), go };
    const begin = async () => {
      await mayGo;
      if (next === batch) next = null;
      await send(batch.items);
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
    if (withinMs > 0) setTimeout(next.go, withinMs);
    else next.go();
    return next.sent;
  };
}
