/**
 * A workflow parses its input again whenever it is replayed. One that began before a check existed must pass it then,
 * or it could not go on: so checks that came later are left out inside of {@link leniently}.
 */
let lenient = false;

/** Does the work, which must not wait for anything, without the checks that came after the first release. */
export function leniently<T>(work: () => T): T {
  const before = lenient;
  lenient = true;
  try {
    return work();
  } finally {
    lenient = before;
  }
}

/** Whether checks that came after the first release are to be left out. */
export function isLenient(): boolean {
  return lenient;
}
