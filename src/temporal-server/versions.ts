/** The Temporal CLI this package downloads or builds. tools/go.mod pins the same one. */
export const PINNED_CLI = '1.9.1';

/** The last release that `go install` accepts: 1.6.0 and later have a `replace` in their go.mod. */
export const FALLBACK_CLI = '1.5.1';

/** The oldest CLI that is used when found on PATH: the oldest one this package is tried with (Server 1.29). */
export const MINIMUM_CLI = FALLBACK_CLI;

/** The `go` directive of the pinned CLI. An older Go has to fetch a newer toolchain first. */
export const PINNED_CLI_GO = '1.26.8';

/** The `go` directive of the fallback CLI, and so the oldest Go that is of any use here. */
export const MINIMUM_GO = '1.25.0';

/** The first `x.y` or `x.y.z` in a text, or null. */
export function findVersion(text: string): string | null {
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? null;
}

/** True when version `a` is `b` or newer; the parts are compared as numbers. */
export function atLeast(a: string, b: string): boolean {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
