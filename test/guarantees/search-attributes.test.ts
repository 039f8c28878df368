import type { NativeConnection } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { createHexClient } from '../../src/hex/index.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import { FAST, harness, TOKEN, until } from '../support/harness.js';
import { server } from '../support/server.js';

const NAMES = ['HexProjectId', 'HexRunId', 'HexPipeline', 'HexStep', 'HexStatus', 'HexKey'];

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
  });
  expect(said.join()).toMatch(
    /cannot be searched for.*Request unauthorized.*temporal operator search-attribute create.*tcld namespace search-attributes add/,
  );
  for (const name of NAMES) expect(said.join()).toContain(`--name ${name}`);
});

it('a namespace that has those of runs and takes no more goes without the one of keys', async () => {
  const said: string[] = [];
  const ofRuns = NAMES.filter((name) => name !== 'HexKey').map((name) => [name, 2] as const);
  const full = {
    operatorService: {
      listSearchAttributes: async () => ({ customAttributes: Object.fromEntries(ofRuns) }),
      addSearchAttributes: async () => {
        throw new Error('Unable to create search attributes: cannot have more than 10');
      },
    },
  } as unknown as NativeConnection;
  const known = await registerSearchAttributes(full, 'prod', (line) => said.push(line));
  expect(known).toEqual({ runs: true, key: false });
  expect(said.join()).toMatch(/HexKey is off.*more than 10.*create --name HexKey --type Keyword --namespace/);
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
