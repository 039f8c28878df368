import type { NativeConnection } from '@temporalio/worker';
import {
  registeringCommands,
  type SearchAttributeName,
  searchAttributeTypes,
  SEARCH_ATTRIBUTE_NUMBERS as TYPE_NUMBERS,
} from '../contract/search-attributes.js';

/** Attributes that are used together or not at all, the most needed first: a namespace may have room for some only. */
const GROUPS = {
  runs: {
    members: ['projectId', 'runId', 'pipeline', 'step', 'status'],
    loss: 'runs cannot be searched for by project or run id',
  },
  key: { members: ['key'], loss: 'runs and pipelines cannot be searched for by key' },
  pipelines: {
    members: ['partition', 'trigger', 'owner', 'tags', 'scheduledTime'],
    loss: 'pipelines cannot be searched for by partition, trigger, owner or tags',
  },
} as const satisfies Record<string, { members: readonly SearchAttributeName[]; loss: string }>;

type Group = keyof typeof GROUPS;

/** Which of our search attributes workflows may use: all of those that a run sets, that of a key, those of pipelines. */
export interface KnownAttributes extends Record<Group, boolean> {
  /** Some were registered just now: a server may take a minute until it knows them everywhere. */
  justNow: boolean;
}

/** A group that cannot be used, and why. */
interface Refusal {
  group: Group;
  missing: Record<string, keyof typeof TYPE_NUMBERS>;
  reason: string;
}

/**
 * Registers our search attributes where the server allows it.
 *
 * @returns which of them workflows may use; where one may not be used, `log` has been told why and what to do
 */
export async function registerSearchAttributes(
  { operatorService }: NativeConnection,
  namespace: string,
  log: (line: string) => void,
): Promise<KnownAttributes> {
  const missingOf = async (group: Group) => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const wanted = Object.entries(searchAttributeTypes([...GROUPS[group].members]));
    const other = wanted.find(
      ([name, type]) => (customAttributes?.[name] ?? TYPE_NUMBERS[type]) !== TYPE_NUMBERS[type],
    );
    if (other) throw new Error(`${other[0]} exists with another type than ${other[1]}`);
    return Object.fromEntries(wanted.filter(([name]) => customAttributes?.[name] === undefined));
  };
  const refusals: Refusal[] = [];
  let justNow = false;
  for (const group of Object.keys(GROUPS) as Group[]) {
    let missing: Refusal['missing'] = searchAttributeTypes([...GROUPS[group].members]);
    try {
      missing = await missingOf(group);
      const numbers = Object.entries(missing).map(([name, type]) => [name, TYPE_NUMBERS[type]]);
      if (numbers.length === 0) continue;
      await operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(numbers),
      });
      justNow = true;
      log(`Registered the search attributes ${Object.keys(missing).join(', ')}`);
    } catch (error) {
      // Another worker that starts at this moment may have been first.
      const still = await missingOf(group).catch(() => missing);
      if (Object.keys(still).length === 0) continue;
      refusals.push({ group, missing, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  for (const line of wordsOf(refusals, namespace)) log(line);
  const known = (group: Group) => refusals.every((refusal) => refusal.group !== group);
  const runs = known('runs');
  // A pipeline also sets its name and its status, which runs have too.
  return { runs, key: known('key'), pipelines: runs && known('pipelines'), justNow };
}

/** What is lost and how to mend it: a line for each reason. */
function wordsOf(refusals: readonly Refusal[], namespace: string): string[] {
  return [...new Set(refusals.map(({ reason }) => reason))].map((reason) => {
    const together = refusals.filter((refusal) => refusal.reason === reason);
    const missing = Object.assign({}, ...together.map((refusal) => refusal.missing)) as Refusal['missing'];
    const names = Object.keys(missing);
    const off = `Search attribute${names.length === 1 ? '' : 's'} ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} off`;
    const losses = together.map(({ group }) => GROUPS[group].loss).join(', and ');
    return `${off}, so ${losses}: ${reason}. ${remedy(missing, namespace)}`;
  });
}

function remedy(missing: Refusal['missing'], namespace: string): string {
  const { selfHosted, cloud } = registeringCommands(missing, namespace);
  return `Register them once: ${selfHosted}; on Temporal Cloud: ${cloud}`;
}
