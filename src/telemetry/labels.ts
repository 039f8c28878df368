/** What stands for all values that have no series of their own. */
export const OTHER = 'other';

/** Keeps the values of a label few: the first `most` distinct ones stand for themselves, all later ones are `other`. */
export function boundedLabel(most: number): (value: string | null) => string {
  const seen = new Set<string>();
  return (value) => {
    if (value === null) return OTHER;
    if (seen.has(value)) return value;
    if (seen.size >= most) return OTHER;
    seen.add(value);
    return value;
  };
}
