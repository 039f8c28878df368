import type { NativeConnection } from '@temporalio/worker';
import { searchAttributes } from '../workflows/search-attributes.js';

/** `IndexedValueType` of the server's API. */
const KEYWORD = 2;

const names = Object.values(searchAttributes).map((key) => key.name);

/**
 * Registers our search attributes where the server allows it.
 *
 * @returns whether workflows may use them; where not, `log` has been told why and what to do
 */
export async function registerSearchAttributes(
  { operatorService }: NativeConnection,
  namespace: string,
  log: (line: string) => void,
): Promise<boolean> {
  const byHand = names.map((name) => `--name ${name} --type Keyword`).join(' ');
  // Cloud has no operator service: there, attributes are added by tcld or in the web console.
  const onCloud = names.map((name) => `--search-attribute "${name}=Keyword"`).join(' ');
  const remedy =
    `Register them once: temporal operator search-attribute create ${byHand} --namespace ${namespace}` +
    `; on Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${onCloud}`;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = names.filter((name) => customAttributes?.[name] === undefined);
    const wrong = names.filter(
      (name) => ![undefined, KEYWORD].includes(customAttributes?.[name] ?? undefined),
    );
    if (wrong.length > 0) {
      log(`Search attributes are off: ${wrong.join(', ')} exist with another type than Keyword.`);
      return false;
    }
    if (missing.length > 0) {
      await operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
      });
      log(`Registered the search attributes ${missing.join(', ')}`);
    }
    return true;
  } catch (error) {
    log(
      `Search attributes are off, so runs cannot be searched for by project or run id: ${error instanceof Error ? error.message : error}. ${remedy}`,
    );
    return false;
  }
}
