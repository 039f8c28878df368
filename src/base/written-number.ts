/**
 * Why a number in a file or a template cannot be sent as it is written, with the mend; null where it can. A number is taken when it
 * prints as it was written: `3`, `-5`, `1.5`. All else would reach Hex as something else: `01234`, `1.10`, `1e3`, `+49`,
 * `0x1F`, an id of 20 digits.
 */
export function inexactNumber(written: string, value: number): string | null {
  if (Number.isNaN(value) || !Number.isFinite(value))
    return `${written} is no number that can be sent: for text, put it in quotes`;
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return `${written} has more digits than a number keeps: put it in quotes`;
  if (String(value) === written) return null;
  return `${written} would be sent as ${value}: for text, put it in quotes; for the number, write ${value}`;
}
