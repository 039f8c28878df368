import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { networkFetch, proxyNote } from '../network/fetch.js';
import { reasonOf } from './errors.js';
import { type Reporter, seconds, showWhile } from './reporter.js';
import { run } from './run.js';

/** Where Temporal publishes the CLI, for the SDKs as for people. */
const ARCHIVES = 'https://temporal.download/cli/archive';

/** How long a download may take. */
export interface DownloadLimits {
  /** Until the first byte of the archive, redirects included, in milliseconds. */
  firstByteMs: number;
  /** Between two pieces of the archive, in milliseconds. */
  stallMs: number;
  /** For the whole of it, in milliseconds. */
  totalMs: number;
}

const DEFAULT_LIMITS: DownloadLimits = { firstByteMs: 5_000, stallMs: 15_000, totalMs: 600_000 };

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The address of a version's archive; `TEMPORAL_HEX_CLI_DOWNLOAD_URL` names a mirror of the same layout. */
export function archiveUrl(version: string, env: NodeJS.ProcessEnv): URL {
  const platform = PLATFORMS[process.platform];
  const arch = ARCHITECTURES[process.arch];
  if (!platform || !arch) throw new Error(`nothing is published for ${process.platform} on ${process.arch}`);
  const base = (env.TEMPORAL_HEX_CLI_DOWNLOAD_URL || ARCHIVES).replace(/\/+$/, '');
  const text = `${base}/v${version}?platform=${platform}&arch=${arch}`;
  if (!URL.canParse(text)) throw new Error('TEMPORAL_HEX_CLI_DOWNLOAD_URL is not a URL');
  const url = new URL(text);
  // fetch refuses these with a message that repeats them.
  if (url.username || url.password)
    throw new Error('TEMPORAL_HEX_CLI_DOWNLOAD_URL must not contain a password');
  return url;
}

/**
 * Downloads the CLI into a folder and resolves with the path of the executable. Gives up within seconds when nobody
 * answers.
 */
export async function downloadCli(
  url: URL,
  folder: string,
  reporter: Reporter,
  limits: DownloadLimits = DEFAULT_LIMITS,
  signal?: AbortSignal,
): Promise<string> {
  const archive = join(folder, 'archive');
  const progress = { bytes: 0, total: 0 };
  await showWhile(
    reporter,
    (elapsed) => `Downloading the Temporal CLI: ${megabytes(progress)}, ${elapsed}`,
    fetchTo(url, archive, progress, limits, signal),
  );
  // Only bsdtar (Windows, macOS) reads zip, and only GNU tar needs no `z` for gzip.
  const flags = process.platform === 'win32' ? '-xf' : '-xzf';
  await run('tar', [flags, archive, '-C', folder], { limitMs: 120_000, signal });
  return join(folder, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
}

async function fetchTo(
  url: URL,
  file: string,
  progress: { bytes: number; total: number },
  limits: DownloadLimits,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const aborter = new AbortController();
  const stop = () => aborter.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  const giveUp = (ms: number, what: string) =>
    setTimeout(() => aborter.abort(new Error(`${what} within ${seconds(ms)}`)), ms);
  const total = giveUp(limits.totalMs, 'not complete');
  let idle = giveUp(limits.firstByteMs, 'no answer');
  try {
    const response = await networkFetch(url, { signal: aborter.signal });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    progress.total = Number(response.headers.get('content-length') ?? 0);
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        clearTimeout(idle);
        idle = giveUp(limits.stallMs, 'no further byte');
        progress.bytes += chunk.length;
        done(null, chunk);
      },
    });
    const body = Readable.fromWeb(response.body);
    await pipeline(body, count, createWriteStream(file), { signal: aborter.signal });
  } catch (error) {
    if (aborter.signal.aborted) throw aborter.signal.reason;
    const note = proxyNote(error);
    throw note === '' ? error : new Error(`${reasonOf(error)}${note}`);
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(total);
    clearTimeout(idle);
  }
}

function megabytes({ bytes, total }: { bytes: number; total: number }): string {
  const format = (n: number) => (n / 1_000_000).toFixed(0);
  return total > 0 ? `${format(bytes)} of ${format(total)} MB` : `${format(bytes)} MB`;
}
