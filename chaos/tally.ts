import type { LedgerRequest } from '../src/sandbox/index.js';
import { datesWithoutRun } from './dates.js';
import type { StormResult } from './storm.js';

/** The storm in figures, a line each. */
export function tally(result: StormResult): string[] {
  const { options, workflows, ledger, findings, kills, stalls, deaths, restarts, disturbances, swept } =
    result;
  const pipelines = workflows.filter(({ type }) => type === 'hexPipeline');
  const { attempts, ambiguous, strays } = findings;
  const lost = attempts.filter(({ workflow }) => workflow.searches > 0);
  const sum = (of: (workflow: (typeof workflows)[number]) => number) =>
    attempts.reduce((total, { workflow }) => total + of(workflow), 0);
  const rows: [string, string][] = [
    ['seed', `${options.seed}`],
    ['product', options.variant ? `broken on purpose: ${options.variant}` : 'as it is'],
    ['stored by Temporal', options.codec ? 'encrypted' : 'in clear'],
    ['pipelines', `${pipelines.length}: ${counted(pipelines.map(({ end }) => end))}`],
    [
      'steps begun',
      `${new Set(attempts.map(({ workflow }) => workflow.key)).size}, in ${attempts.length} attempts`,
    ],
    ['how attempts ended', counted(attempts.map(({ workflow: { end, failureType } }) => failureType ?? end))],
    ['runs in Hex', `${ledger.runs.length}: ${counted(ledger.runs.map(({ status }) => status))}`],
    ['requests to Hex', `${ledger.counters.requests}`],
    [
      'faults injected',
      `${ledger.requests.filter(isFaulty).length}: ${counted(ledger.requests.filter(isFaulty).map(nameOfFault))}`,
    ],
    ['workers killed', `${kills}${deaths.length > 0 ? `, and ${deaths.length} ended by themselves` : ''}`],
    ['workers stood still', `${stalls}`],
    ['server killed', `${restarts}`],
    [
      'from outside',
      `${disturbances.cancel} cancelled, ${disturbances.terminate} terminated, ${disturbances['terminate-leaf']} steps terminated`,
    ],
    ['answers to starts lost', `${lost.length} attempts had to search Hex's list`],
    ['  run found, adopted', `${sum(({ adopted }) => adopted.length)}`],
    ['  no run, sent again', `${sum(({ triggers, searches }) => (searches > 0 ? triggers - 1 : 0))}`],
    [
      'starts refused, sent again',
      `${sum(({ triggers, searches }) => (searches > 0 ? 0 : Math.max(0, triggers - 1)))}`,
    ],
    [
      'ambiguous, for a person',
      `${ambiguous.length} (${percent(ambiguous.length, lost.length)} of the lost answers, ${percent(ambiguous.length, attempts.length)} of all attempts), with ${disturbances.strangers} starts by strangers`,
    ],
    ['strays of terminated steps', `${strays.length}; the janitor cancelled ${swept}`],
    ['dates of schedules', datesIn(result)],
    ['seconds', `${result.seconds}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(28)}${value}`);
}

/** Under `skip`, a date that meets a run is left out. */
function datesIn({ dates, ledger }: StormResult): string {
  const without = datesWithoutRun(
    dates.map((date) => ({ ...date, overlap: 'allow_all' as const })),
    ledger.runs,
  ).length;
  return `${dates.length}: ${dates.length - without} with a run in Hex, ${without} without`;
}

/** Every broken promise with its ids, a line each. */
export function complaints({ findings, deaths }: StormResult): string[] {
  return [
    ...findings.violations.map(
      ({ fault, workflowId, step, runIds, words }) =>
        `${fault.toUpperCase()}: ${step ?? workflowId} ${words}${runIds.length > 0 ? ` (runs ${runIds.join(', ')})` : ''}; workflow ${workflowId}`,
    ),
    ...deaths.map((words) => `Note: a worker ended by itself: ${words}`),
  ];
}

function isFaulty({ fault, operation }: LedgerRequest): boolean {
  return fault !== null && operation !== null;
}

function nameOfFault({ operation, fault, status, clientLeft }: LedgerRequest): string {
  const effect =
    fault === 'status' || fault === 'statusAfter'
      ? `${fault} ${status ?? '(worker killed)'}`
      : fault === 'lateMs'
        ? clientLeft
          ? 'too late'
          : 'slow'
        : fault;
  return `${operation} ${effect}`;
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.round((1_000 * part) / whole) / 10} %`;
}
