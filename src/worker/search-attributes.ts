import type { NativeConnection } from '@temporalio/worker';
import { searchAttributes } from '../contract/search-attributes.js';

/** `IndexedValueType` of the server's API. */
const KEYWORD = 2;

const names = Object.values(searchAttributes).map((key) => key.name);

/** Which of our search attributes workflows may use. */
export interface KnownAttributes {
  /** All of those that a run sets. */
  runs: boolean;
  /** That of a business key, which came later. */
  key: boolean;
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
  let missing = names;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    missing = names.filter((name) => customAttributes?.[name] === undefined);
    const wrong = names.filter(
      (name) => ![undefined, KEYWORD].includes(customAttributes?.[name] ?? undefined),
    );
    if (wrong.length > 0) {
      log(`Search attributes are off: ${wrong.join(', ')} exist with another type than Keyword.`);
      return { runs: false, key: false };
    }
    if (missing.length > 0) {
      await operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
      });
      log(`Registered the search attributes ${missing.join(', ')}`);
    }
    return { runs: true, key: true };
  } catch (error) {
    const { name: key } = searchAttributes.key;
    const runs = missing.every((name) => name === key);
    const off = runs
      ? `Search attribute ${key} is off, so runs and pipelines cannot be searched for by key`
      : 'Search attributes are off, so runs cannot be searched for by project or run id';
    log(`${off}: ${error instanceof Error ? error.message : error}. ${remedy(missing, namespace)}`);
    return { runs, key: !missing.includes(key) };
  }
}

function remedy(missing: readonly string[], namespace: string): string {
  const byHand = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
  // Cloud has no operator service: there, attributes are added by tcld or in the web console.
  const onCloud = missing.map((name) => `--search-attribute "${name}=Keyword"`).join(' ');
  return (
    `Register them once: temporal operator search-attribute create ${byHand} --namespace ${namespace}` +
    `; on Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${onCloud}`
  );
}
