/** The index of the first item of which it is true, as it is of all behind that one; the length where it is of none. */
export function partitionPoint<T>(items: readonly T[], isTrue: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // There is one: the middle is below the length.
    if (isTrue(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
