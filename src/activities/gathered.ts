/**
 * Sends one at a time: what comes while a sending is under way goes together with the next. Whoever has handed something
 * in waits for the sending that carries it, and gets its error.
 *
 * @param most so many go together at most
 */
export function gathered<T>(
  send: (items: T[]) => Promise<void>,
  most: number,
): (items: readonly T[]) => Promise<void> {
  let next: { items: T[]; sent: Promise<void> } | null = null;
  let last: Promise<void> = Promise.resolve();
  return (items) => {
    if (!next || next.items.length + items.length > most) {
      const batch: { items: T[]; sent: Promise<void> } = { items: [], sent: Promise.resolve() };
      const begin = () => {
        if (next === batch) next = null;
        return send(batch.items);
      };
      batch.sent = last.then(begin, begin);
      last = batch.sent;
      next = batch;
    }
    next.items.push(...items);
    return next.sent;
  };
}
