import { didYouMean } from '../base/suggest.js';

/** What is wrong with the name of a time zone, in words; null when Node.js and Temporal's server both know it. */
export function timezoneProblem(name: string): string | null {
  const example = 'write an IANA name such as "Europe/Berlin"';
  // Node.js reads offsets, and names in any case; Go, and so Temporal's server, does not.
  if (!/^[A-Za-z]/.test(name)) return `"${name}" is not a time zone: ${example}`;
  let known: string;
  try {
    known = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return `"${name}" is not a time zone: ${example}${didYouMean(name, Intl.supportedValuesOf('timeZone'))}`;
  }
  if (known !== name && (known.toLowerCase() === name.toLowerCase() || !isWrittenAsIana(name)))
    return `"${name}" must be written "${known}"`;
  return null;
}

/** Names that Node.js takes from Java: `PST`, `JST`. Of three letters, IANA has these. */
const SHORT_NAMES = [
  'CET',
  'EET',
  'EST',
  'GMT',
  'HST',
  'MET',
  'MST',
  'PRC',
  'ROC',
  'ROK',
  'UCT',
  'UTC',
  'WET',
];

/** Whether another name of a zone, such as `US/Eastern`, `GB-Eire` or `EST5EDT`, has its letters as IANA writes them. */
function isWrittenAsIana(name: string): boolean {
  if (/^[A-Z]{3}$/.test(name)) return SHORT_NAMES.includes(name);
  return name.split('/').every((part) => /^[A-Z](?:[A-Z]{0,2}|.*[^A-Z].*)$/.test(part));
}
