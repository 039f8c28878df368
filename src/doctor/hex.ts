import { formatDuration } from '../base/duration.js';
import type { Config } from '../config.js';
import {
  createHexClient,
  type HexClient,
  type HexConnection,
  HexError,
  type HexIdentity,
} from '../hex/index.js';
import { type Finding, failed, ok, type Probe, skipped, warn } from './check.js';

const REQUEST_MS = 3_500;
const DAY_MS = 86_400_000;
/** A token that expires sooner should be renewed now. */
const RENEW_WITHIN_MS = 14 * DAY_MS;
/** Hex gives whole seconds, and the answer takes its time. */
const CLOCK_TOLERANCE_MS = 10_000;
/** No project has this id. */
const NO_PROJECT = '00000000-0000-0000-0000-000000000000';

interface Hello {
  me: HexIdentity;
  /** How far our clock is ahead of Hex's, in ms; null where Hex gave no date. */
  aheadMs: number | null;
}

/** Each connection that the environment has, asked side by side. */
export function hexProbes(config: Config | null): Probe[] {
  const connections = Object.values(config?.connections ?? {});
  if (connections.length === 0) {
    const text = 'No token in this environment: run this where the worker runs, with its variables.';
    return [{ id: 'hex', look: () => skipped(text) }];
  }
  return connections.flatMap(connectionProbes);
}

function connectionProbes(connection: HexConnection): Probe[] {
  const { name } = connection;
  const client = createHexClient(connection);
  const hello = helloOf(client);
  // Each check that needs it sees the error itself.
  hello.catch(() => undefined);
  const withHello = (look: (hello: Hello) => Finding | Promise<Finding>) => async () => {
    const found = await hello.catch(() => null);
    return found ? look(found) : skipped('Hex did not say who the token belongs to.');
  };
  return [
    { id: `hex.${name}.token`, look: () => tokenOf(connection, hello) },
    { id: `hex.${name}.expiry`, look: withHello(expiryOf) },
    { id: `hex.${name}.scope`, look: withHello(() => scopeOf(connection, client)) },
    { id: `hex.${name}.clock`, look: withHello(clockOf) },
    { id: `hex.${name}.projects`, look: withHello(() => projectsOf(client)) },
  ];
}

async function helloOf(client: HexClient): Promise<Hello> {
  const sentAtMs = Date.now();
  const me = await client.whoAmI({ timeoutMs: REQUEST_MS });
  const halfwayMs = (sentAtMs + Date.now()) / 2;
  return { me, aheadMs: me.date === null ? null : halfwayMs - Date.parse(me.date) };
}

async function tokenOf({ baseUrl }: HexConnection, hello: Promise<Hello>): Promise<Finding> {
  try {
    await hello;
    return ok(`${baseUrl} accepts it`);
  } catch (error) {
    if (!(error instanceof HexError)) throw error;
    // A token that cannot be read was never sent.
    const blame = error.kind === 'HexAuth' && error.status === null ? 'settings' : 'hex';
    return failed(`${error.message}.`, error.hint, blame);
  }
}

function expiryOf({ me: { tokenExpiresAt } }: Hello): Finding {
  if (tokenExpiresAt === null) return ok('It does not expire, or Hex does not say when');
  const leftMs = Date.parse(tokenExpiresAt) - Date.now();
  const text = `The token expires at ${tokenExpiresAt}`;
  if (!(leftMs < RENEW_WITHIN_MS)) return ok(text);
  const when = leftMs > 0 ? `, in ${formatDuration(leftMs)}` : '';
  return warn(`${text}${when}.`, 'Make a new one in Hex and give it to the worker: docs/deploy.md#secrets.');
}

/** A personal token may do what its user may. Whether another may start runs is asked with a start of a project that does not exist. */
async function scopeOf({ token }: HexConnection, client: HexClient): Promise<Finding> {
  if (!(await token()).startsWith('hxtw_')) return ok('A personal token: it may do what its user may do');
  try {
    await client.runProject(NO_PROJECT, { dryRun: true }, { timeoutMs: REQUEST_MS });
  } catch (error) {
    if (!(error instanceof HexError)) throw error;
    if (error.kind === 'HexForbidden') return failed(`${error.message}.`, error.hint, 'hex');
    if (error.kind !== 'HexNotFound' && error.kind !== 'HexInvalidRequest')
      return skipped(`It could not be asked: ${error.message}.`);
  }
  return ok('A workspace token that may start runs');
}

function clockOf({ aheadMs }: Hello): Finding {
  if (aheadMs === null) return skipped("Hex's answer has no date.");
  const off = Math.abs(aheadMs);
  if (off <= CLOCK_TOLERANCE_MS) return ok("The clock of this machine agrees with Hex's");
  return warn(
    `The clock of this machine is ${formatDuration(off)} ${aheadMs > 0 ? 'ahead of' : 'behind'} Hex's.`,
    'Set it by NTP: times in messages, schedules and time limits go by it.',
  );
}

async function projectsOf(client: HexClient): Promise<Finding> {
  const projects = await client.listProjects({}, { timeoutMs: REQUEST_MS });
  const published = projects.filter((project) => project.published).length;
  const text = `The token sees ${projects.length} projects, ${published} of them published`;
  if (published > 0) return ok(text);
  return warn(
    `${text}.`,
    "Publish a project in Hex, or share one with the token's user: others cannot be run.",
  );
}
