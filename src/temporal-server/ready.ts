import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { clientRoute } from '../network/temporal.js';

const PAUSE_MS = 25;

/** The types of search attributes as `temporal` names them. */
export type SearchAttributeTypeName =
  | 'Text'
  | 'Keyword'
  | 'Int'
  | 'Double'
  | 'Bool'
  | 'Datetime'
  | 'KeywordList';

/** The numbers of those types on the wire (IndexedValueType). */
const TYPE_NUMBERS: Record<SearchAttributeTypeName, number> = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
};

/** Waits until the server answers and the namespace is there, then adds the search attributes that it lacks. */
export async function waitUntilReady(
  port: number,
  namespace: string,
  searchAttributes: Record<string, SearchAttributeTypeName>,
  signal: AbortSignal,
): Promise<void> {
  // A gRPC channel that was refused once waits a second before it tries again; a bare connect does not.
  while (!(await accepts(port))) await delay(PAUSE_MS, undefined, { signal });
  const connection = await Connection.connect(clientRoute(`127.0.0.1:${port}`));
  try {
    for (;;) {
      try {
        await connection.workflowService.describeNamespace({ namespace });
        break;
      } catch {
        await delay(PAUSE_MS, undefined, { signal });
      }
    }
    // The flag --search-attribute works for a new database only; one from an earlier version may lack some.
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(searchAttributes).filter(
      ([name]) => customAttributes?.[name] === undefined,
    );
    if (missing.length > 0) {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, TYPE_NUMBERS[type]])),
      });
    }
  } finally {
    await connection.close();
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
