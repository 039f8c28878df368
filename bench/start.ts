import { readFileSync } from 'node:fs';
import type { Bench } from './support/bench.js';
import { load } from './support/machine.js';
import { median, ms, size } from './support/numbers.js';
import { startHexWorker } from './support/processes.js';
import { withStack } from './support/stack.js';
import type { Row } from './support/table.js';

const ROUNDS = 5;
/** By then it has done what it does by itself when it starts. */
const IDLE_AFTER_MS = 3_000;

/** Settings of a worker, and what they are called. Nobody listens at the collector's address: a worker does not wait for it. */
const KINDS: Record<string, Record<string, string>> = {
  'telemetry off': {},
  HEX_METRICS_ADDRESS: { HEX_METRICS_ADDRESS: '127.0.0.1:0' },
  HEX_OTLP_ENDPOINT: { HEX_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
};

interface Start {
  startMs: number;
  /** Processor time up to then; null where there is no /proc. */
  cpuMs: number | null;
  ownBytes: number | null;
}

export const start: Bench = {
  title: 'Start: a worker from its command until it works, and its memory when it has nothing to do',
  method: [
    `${ROUNDS} rounds of one start each, in turn; medians. Processor time and memory of its own (RssAnon) as Linux counts them, the memory`,
    `${IDLE_AFTER_MS / 1_000} s after the start. The dev server and the sandbox run beside it.`,
  ],
  run: () =>
    withStack({}, async ({ env }) => {
      const starts = new Map<string, Start[]>(Object.keys(KINDS).map((kind) => [kind, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const [kind, settings] of Object.entries(KINDS))
          starts.get(kind)?.push(await startOnce({ ...env, ...settings }));
      }
      return [...[...starts].map(([kind, all]) => rowOf(kind, all)), { what: 'load', value: load() }];
    }),
};

async function startOnce(env: Record<string, string>): Promise<Start> {
  const began = performance.now();
  const worker = await startHexWorker(env);
  const startMs = performance.now() - began;
  const cpuMs = cpuOf(worker.child.pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_AFTER_MS));
  const ownBytes = ownMemoryOf(worker.child.pid);
  await worker.stop();
  return { startMs, cpuMs, ownBytes };
}

function rowOf(what: string, starts: readonly Start[]): Row {
  const middle = (values: (number | null)[], words: (value: number) => string) =>
    values.includes(null) ? '?' : words(median(values.filter((value) => value !== null)));
  const cpu = middle(
    starts.map(({ cpuMs }) => cpuMs),
    ms,
  );
  const own = middle(
    starts.map(({ ownBytes }) => ownBytes),
    size,
  );
  return {
    what,
    value: ms(median(starts.map(({ startMs }) => startMs))),
    against: `${cpu} of processor time, ${own} when idle`,
    note: starts.map(({ startMs }) => Math.round(startMs)).join(' '),
  };
}

const ofProcess = (pid: number | undefined, file: string): string | null => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
};

/** Linux counts in hundredths of a second: the 14th and 15th field, after a name that may hold anything. */
function cpuOf(pid: number | undefined): number | null {
  const fields = ofProcess(pid, 'stat')
    ?.replace(/^.*\) /s, '')
    .split(' ');
  return fields ? (Number(fields[11]) + Number(fields[12])) * 10 : null;
}

function ownMemoryOf(pid: number | undefined): number | null {
  const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(ofProcess(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
}
