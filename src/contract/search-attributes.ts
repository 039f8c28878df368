import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** Our search attributes. The worker registers them where it may; nothing depends on them. */
export const searchAttributes = {
  projectId: keyword('HexProjectId'),
  runId: keyword('HexRunId'),
  /** The name of a pipeline, also of the pipeline that a run is a step of. */
  pipeline: keyword('HexPipeline'),
  step: keyword('HexStep'),
  /** Hex's status of a run; how a pipeline stands, as in its progress. */
  status: keyword('HexStatus'),
  /** The business key of a run or a pipeline. */
  key: keyword('HexKey'),
  /** What a pipeline is about: `run.partition`. */
  partition: keyword('HexPartition'),
  /** What started a pipeline. */
  trigger: keyword('HexTrigger'),
  owner: keyword('HexOwner'),
  tags: defineSearchAttributeKey('HexTags', SearchAttributeType.KEYWORD_LIST),
  /** `run.scheduledTime` of a pipeline. */
  scheduledTime: defineSearchAttributeKey('HexScheduledTime', SearchAttributeType.DATETIME),
} as const;

/** Temporal's own: the time that a schedule meant, on every workflow that it starts. */
export const scheduledStartAttribute = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
);

export type SearchAttributeName = keyof typeof searchAttributes;

/** The types that ours have, as `temporal` names them. */
const TYPE_NAMES = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList', DATETIME: 'Datetime' } as const;

/** Name and type of each of our search attributes, such as `HexTags` and `KeywordList`. */
export function searchAttributeTypes(
  names = Object.keys(searchAttributes) as SearchAttributeName[],
): Record<string, (typeof TYPE_NAMES)[keyof typeof TYPE_NAMES]> {
  return Object.fromEntries(
    names.map((name) => [searchAttributes[name].name, TYPE_NAMES[searchAttributes[name].type]]),
  );
}

/** `IndexedValueType` of the server's API, by the types that ours have. */
export const SEARCH_ATTRIBUTE_NUMBERS = { Keyword: 2, Datetime: 6, KeywordList: 7 } as const;

/** The commands that register search attributes: on a server of one's own, and on Temporal Cloud, which has no operator service. */
export function registeringCommands(
  types: Readonly<Record<string, string>>,
  namespace: string,
): { selfHosted: string; cloud: string } {
  const each = (write: (name: string, type: string) => string) =>
    Object.entries(types)
      .map(([name, type]) => write(name, type))
      .join(' ');
  return {
    selfHosted: `temporal operator search-attribute create ${each((name, type) => `--name ${name} --type ${type}`)} --namespace ${namespace}`,
    cloud: `tcld namespace search-attributes add --namespace ${namespace} ${each((name, type) => `--search-attribute "${name}=${type}"`)}`,
  };
}
