import { NativeConnection } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { createHexClient } from '../../src/hex/index.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import { FAST, harness, TOKEN, until } from '../support/harness.js';
import { server } from '../support/server.js';

const OF_RUNS = ['HexProjectId', 'HexRunId', 'HexPipeline', 'HexStep', 'HexStatus'];
const OF_PIPELINES = ['HexPartition', 'HexTrigger', 'HexOwner', 'HexTags', 'HexScheduledTime'];
const NAMES = [...OF_RUNS, 'HexKey', ...OF_PIPELINES];

it('the worker registers them where it may, and a run is found by each of them', async () => {
  const own = await startDevServer({ port: 0, uiPort: false, namespace: server.namespace });
  onTestFinished(() => own.stop());
  const { hex, sandbox, temporal } = await harness({ address: own.address });
  const steps = [{ id: 'extract', projectId: 'sales', ...FAST }];
  await (await hex.startPipeline({ name: 'etl', steps })).result();
  const { runId } = sandbox.ledger().runs[0] ?? {};
  const query = `HexProjectId = 'sales' AND HexRunId = '${runId}' AND HexPipeline = 'etl' AND HexStep = 'extract' AND HexStatus = 'COMPLETED'`;
  await until('visibility shows the run', async () => (await temporal.workflow.count(query)).count === 1);
});

it('where it may not, the worker says so and how to mend it', async () => {
  const said: string[] = [];
  const refusing = {
    operatorService: {
      listSearchAttributes: async () => ({ customAttributes: {} }),
      addSearchAttributes: async () => {
        throw new Error('PERMISSION_DENIED: Request unauthorized.');
      },
    },
  } as unknown as NativeConnection;
  expect(await registerSearchAttributes(refusing, 'prod', (line) => said.push(line))).toEqual({
    runs: false,
    key: false,
    pipelines: false,
    justNow: false,
  });
  expect(said.join()).toMatch(
    /cannot be searched for.*Request unauthorized.*temporal operator search-attribute create.*tcld namespace search-attributes add/,
  );
  for (const name of NAMES) expect(said.join()).toContain(`--name ${name}`);
  expect(said.join()).toContain('--name HexTags --type KeywordList --name HexScheduledTime --type Datetime');
});

it('a namespace that has those of runs and takes no more goes without those of keys and pipelines', async () => {
  const said: string[] = [];
  const ofRuns = OF_RUNS.map((name) => [name, 2] as const);
  const full = {
    operatorService: {
      listSearchAttributes: async () => ({ customAttributes: Object.fromEntries(ofRuns) }),
      addSearchAttributes: async () => {
        throw new Error('Unable to create search attributes: cannot have more than 10');
      },
    },
  } as unknown as NativeConnection;
  const known = await registerSearchAttributes(full, 'prod', (line) => said.push(line));
  expect(known).toEqual({ runs: true, key: false, pipelines: false, justNow: false });
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/HexKey, HexPartition.*are off.*more than 10.*create --name HexKey --type Keyword/);
});

it('a namespace with room for seven Keywords of ours has those of runs and the key', async () => {
  const own = await startDevServer({
    port: 0,
    uiPort: false,
    namespace: server.namespace,
    searchAttributes: Object.fromEntries(['A', 'B', 'C', 'D'].map((name) => [`Their${name}`, 'Keyword'])),
  });
  onTestFinished(() => own.stop());
  const connection = await NativeConnection.connect({ address: own.address });
  onTestFinished(() => connection.close());
  const said: string[] = [];
  const known = await registerSearchAttributes(connection, server.namespace, (line) => said.push(line));
  expect(known).toEqual({ runs: true, key: true, pipelines: false, justNow: true });
  expect(said.join()).toMatch(/HexPartition.*are off, so pipelines cannot be searched for by/);
});

it('without them everything works, lost triggers included', async () => {
  const rig = await harness({ worker: false });
  const hex = createHexClient({ name: 'default', baseUrl: rig.sandbox.url, token: () => TOKEN });
  await rig.work({ activities: createActivities({ hex: () => hex }) });
  rig.sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
  const handle = await rig.hex.startRun({ projectId: 'sales', ...FAST });
  expect(await handle.result()).toMatchObject({ success: true, adopted: true });
  const { searchAttributes } = await rig.temporal.workflow.getHandle(handle.workflowId).describe();
  expect(Object.keys(searchAttributes).filter((name) => NAMES.includes(name))).toEqual([]);
});
