import { own } from '../base/json.js';
import { didYouMean } from '../base/suggest.js';

/** What Hex's API and its packages for Airflow, Dagster and Prefect call our fields, without case and underscores. */
const NAMES_ELSEWHERE: Readonly<Record<string, string>> = {
  updatepublishedresults: 'updateCache',
  usecachedsql: 'useCachedSqlResults',
  inputs: 'inputParams',
  inputparameters: 'inputParams',
  parameters: 'inputParams',
  project: 'projectId',
  view: 'viewId',
  savedviewid: 'viewId',
  hexconnid: 'connection',
  waitseconds: 'poll',
  pollinterval: 'poll',
  pollintervalseconds: 'poll',
  pollfrequencyseconds: 'poll',
  polltimeout: 'timeout',
  maxwaitseconds: 'timeout',
  timeoutseconds: 'timeout',
  retries: 'retry',
  killonstart: 'killRunning',
};

/** Their fields that have no counterpart. */
const NOT_NEEDED: Readonly<Record<string, string>> = {
  killontimeout: 'a run that reaches its time limit is cancelled: leave it out',
  synchronous: 'a run is waited for: leave it out',
  waitforcompletion: 'a run is waited for: leave it out',
};

/** What to write instead of a field that is not known. */
export function unknownFieldMessage(name: string, known: readonly string[]): string {
  const hint = hintFor(name, known);
  return `unknown field${hint || `: the fields are ${known.join(', ')}`}`;
}

/** The known field that is meant, in words; nothing where none comes near. */
export function hintFor(name: string, known: readonly string[]): string {
  const bare = bareOf(name);
  const meant = known.find((one) => bareOf(one) === bare) ?? own(NAMES_ELSEWHERE, bare);
  if (meant && known.includes(meant)) return `; did you mean "${meant}"?`;
  const why = own(NOT_NEEDED, bare);
  return why ? `; ${why}` : didYouMean(name, known);
}

function bareOf(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}
