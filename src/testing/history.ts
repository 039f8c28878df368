import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type History, historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { type ReplayWorkerOptions, Worker } from '@temporalio/worker';
import { workflowCode } from '../worker/workflow-code.js';

/** What a history is replayed with. */
export interface ReplayOptions {
  /** The id that the workflow had. Default: the one in the history. */
  workflowId?: string;
  /** For a worker with workflows of its own: its `workflowsPath` or `workflowBundle`. Default: our workflows. */
  worker?: ReplayWorkerOptions;
}

/**
 * Replays a history with the workflow code of this version: the test that a deploy does not break what is running.
 *
 * @param history what `testPipeline` gives, what `handle.fetchHistory()` of a server gives, or a JSON file, such as
 * `temporal workflow show --output json` writes
 * @throws when the code would do anything else than the history says
 * @example
 * it.each(readdirSync('histories'))('%s replays', (file) => replayHistory(`histories/${file}`));
 */
export async function replayHistory(
  history: History | object | string | URL,
  { workflowId, worker = workflowCode() }: ReplayOptions = {},
): Promise<void> {
  const read = await historyOf(history);
  const id = workflowId ?? read.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  await Worker.runReplayHistory(worker, read, id ?? undefined);
}

async function historyOf(history: History | object | string | URL): Promise<History> {
  if (typeof history !== 'string' && !(history instanceof URL)) return plain(history);
  return historyFromJSON(JSON.parse(await readFile(history, 'utf8')));
}

/** In JSON the kind of an event is text. */
function plain(history: History | object): History {
  const [first] = (history as History).events ?? [];
  return typeof first?.eventType === 'string' ? historyFromJSON(history) : (history as History);
}

/**
 * Writes a history to a file for {@link replayHistory}, without what tells of this machine. It holds all inputs and
 * results of the workflow: look at them before you commit it.
 *
 * @example
 * const { history } = await testPipeline('pipelines/etl.yaml');
 * await saveHistory(history, 'histories/etl.json');
 */
export async function saveHistory(history: History, file: string | URL): Promise<void> {
  const text = JSON.stringify(JSON.parse(historyToJSON(history)), (key, value: unknown) =>
    key === 'identity' ? 'recorded' : key === 'stackTrace' ? '' : value,
  );
  await writeFile(file, `${text.replaceAll(`${process.pid}@${hostname()}`, 'recorded')}\n`);
}
