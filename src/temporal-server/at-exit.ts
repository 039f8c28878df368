/**
 * Undoes something when this process ends in order before `release` has been called: what must not outlive it, even when
 * somebody presses Ctrl-C twice. `undo` must be synchronous. The last one registered is undone first.
 *
 * @returns `release`
 */
export function atExit(undo: () => void): () => void {
  process.prependOnceListener('exit', undo);
  return () => process.off('exit', undo);
}
