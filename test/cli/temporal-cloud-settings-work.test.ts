import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registeringCommands, searchAttributeTypes } from '../../src/contract/search-attributes.js';
import type { Diagnosis } from '../../src/doctor/index.js';
import { cli, emptyFolder, startCli } from '../support/cli.js';
import { harness } from '../support/harness.js';
import { certificates, openTlsGate, type Ticket } from '../support/tls-gate.js';

const API_KEY = 'temporal-key-0f-a-service-account';

/** Trusted as the authorities of a real machine are. */
const trusted = { TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.authority };

interface Way {
  what: string;
  ticket: Ticket;
  /** How docs/temporal-cloud.md has it; the first in variables, another one in the TOML file. */
  settings: ((address: string) => Record<string, string>)[];
}

const WAYS: Way[] = [
  {
    what: 'a client certificate',
    ticket: { certificate: true },
    settings: [
      (address) => ({
        ...trusted,
        TEMPORAL_ADDRESS: address,
        TEMPORAL_TLS_CLIENT_CERT_PATH: certificates.client,
        TEMPORAL_TLS_CLIENT_KEY_PATH: certificates.clientKey,
      }),
    ],
  },
  {
    what: 'an API key, which turns TLS on by itself',
    ticket: { apiKey: API_KEY },
    settings: [
      (address) => ({ ...trusted, TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: API_KEY }),
      (address) => {
        const file = join(emptyFolder(), 'temporal.toml');
        const tls = `[profile.cloud.tls]\nserver_ca_cert_path = ${JSON.stringify(certificates.authority)}\n`;
        writeFileSync(file, `[profile.cloud]\naddress = "${address}"\napi_key = "${API_KEY}"\n${tls}`);
        return { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud' };
      },
    ],
  },
];

describe.each(WAYS)('a Temporal server behind TLS that asks for $what', ({ ticket, settings }) => {
  it('lets worker, commands and doctor in, and nobody without it', { timeout: 60_000 }, async () => {
    const address = await openTlsGate(ticket, onTestFinished);
    const { sandbox, env: plain } = await harness({ worker: false });
    const { TEMPORAL_ADDRESS: _plain, ...hex } = plain;
    const [env = {}, ...others] = settings.map((make) => ({ ...hex, ...make(address) }));

    const worker = startCli(['worker'], env);
    await worker.says(/works on task queue/);
    const run = await cli(['run', 'sales', '--wait'], others[0] ?? env);
    expect(run.code, run.stderr).toBe(0);
    expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['COMPLETED']);

    const doctor = await cli(['doctor', '--json'], env);
    const { checks } = JSON.parse(doctor.stdout) as Diagnosis;
    const states = Object.fromEntries(checks.map(({ id, state }) => [id, state]));
    for (const id of ['settings', 'server', 'tls', 'key', 'namespace'])
      expect(states[`temporal.${id}`], id).toBe('ok');
    expect(states.workers).toBe('ok');

    const without = { ...hex, ...trusted, TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'true' };
    const refused = await cli(['progress', 'x', '--client-connect-timeout', '5s'], without);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/certificate|API key/) });
    expect(worker.stderr() + run.stderr + doctor.stdout + doctor.stderr).not.toContain(API_KEY);
  });
});

it('the page registers every search attribute that there is', () => {
  const page = readFileSync(new URL('../../docs/temporal-cloud.md', import.meta.url), 'utf8');
  const { cloud } = registeringCommands(searchAttributeTypes(), 'your-namespace.a1b2c');
  expect(page.replace(/\\\n\s+/g, '').replace(/ +/g, ' ')).toContain(cloud);
});
