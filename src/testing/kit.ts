import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startLocalServer } from '../local-stack/server.js';
import type { HexPipelineInput } from '../pipeline/definition/definition.js';
import { runTest, type TestedPipeline, type TestPipelineOptions } from './test-pipeline.js';

/** Which Temporal server the tests use. */
export interface TestKitOptions {
  /** A Temporal server that is there already, `host:port`. Default: a dev server is started, and ended by `close`. */
  address?: string;
  /** Namespace of that server. Default `default`. */
  namespace?: string;
  /** What it has to say of the `temporal` command, such as that it is downloaded. Default: nothing. */
  log?: (line: string) => void;
}

/** A Temporal server for tests of pipelines. */
export interface TestKit extends AsyncDisposable {
  /** Of the server, `host:port`. */
  readonly address: string;
  /** As {@link testPipeline}, on this server. */
  testPipeline(
    pipeline: string | URL | HexPipelineInput,
    options?: TestPipelineOptions,
  ): Promise<TestedPipeline>;
  /** Ends the server. */
  close(): Promise<void>;
}

/**
 * Starts a kit of one's own. Most tests need none: {@link testPipeline} starts one when it is first called.
 *
 * @throws TemporalCliError when there is no `temporal` command and none can be fetched
 * @example
 * await using kit = await startTestKit();
 * const { result } = await kit.testPipeline('pipelines/etl.yaml');
 */
export async function startTestKit(options: TestKitOptions = {}): Promise<TestKit> {
  quietRuntime();
  const { address, namespace = 'default', log = () => {} } = options;
  const started = address === undefined ? await startLocalServer({ port: 0, uiPort: false, log }) : null;
  const server = started?.server ?? { address: address ?? '', namespace };
  const close = async () => started?.server.stop();
  return {
    address: server.address,
    testPipeline: (pipeline, given = {}) => runTest(server, pipeline, given),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The SDK would log every start of a worker. A runtime that the user has installed is left alone. */
function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  } catch {
    // There is one already, perhaps our own of an earlier kit.
  }
}

let shared: Promise<TestKit> | null = null;

/**
 * Runs a pipeline to its end: a real Temporal server, a worker in this process and a Hex on this machine. The server is
 * started by the first call and used by all others of the process; the rest is each call's own, so calls may run side
 * by side.
 *
 * @param pipeline a YAML or JSON file, or a definition
 * @throws InvalidInputError when the definition or its parameters cannot be used
 * @throws TestPipelineError when a step waits for somebody whom the test does not play, or the time is over
 * @example
 * it('loads nothing when the transformation fails', async () => {
 *   const { failure, ledger } = await testPipeline('pipelines/etl.yaml', {
 *     params: { date: '2026-10-01' },
 *     faults: [{ match: { projectId: 'transform-project-id' }, endAs: 'ERRORED' }],
 *   });
 *   expect(failure?.details?.step).toBe('transform');
 *   expect(ledger.runs.map((run) => run.projectId)).not.toContain('load-project-id');
 * });
 */
export async function testPipeline(
  pipeline: string | URL | HexPipelineInput,
  options: TestPipelineOptions = {},
): Promise<TestedPipeline> {
  shared ??= startTestKit().catch((error: unknown) => {
    shared = null;
    throw error;
  });
  return (await shared).testPipeline(pipeline, options);
}

/**
 * Ends the server that {@link testPipeline} has started, where there is one; a later call starts another. Without it
 * the server ends with the process.
 *
 * @example
 * afterAll(closeTestKit);
 */
export async function closeTestKit(): Promise<void> {
  const kit = await shared?.catch(() => null);
  shared = null;
  await kit?.close();
}
