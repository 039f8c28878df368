/** What differs between two values, a line for each that does: `- catchup: 600000` and `+ catchup: 900000`. Empty where nothing does. */
export function changedLines(before: unknown, after: unknown): string[] {
  const [old, young] = [linesOf(before), linesOf(after)];
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((path) => {
    const [was, is] = [old.get(path), young.get(path)];
    if (was === is) return [];
    return [
      ...(was === undefined ? [] : [`- ${path}: ${was}`]),
      ...(is === undefined ? [] : [`+ ${path}: ${is}`]),
    ];
  });
}

/** Every value in it by its path. */
function linesOf(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (value === undefined) return into;
  const parts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (parts.length === 0) return into.set(path, JSON.stringify(value));
  for (const [key, part] of parts)
    linesOf(part, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key, into);
  return into;
}
