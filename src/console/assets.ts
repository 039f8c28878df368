import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ConsoleError } from './refusal.js';

/** Where `scripts/build.mjs` writes the pages: beside this file, and seen from the sources in the folder of the build. */
const FOLDERS = [new URL('./', import.meta.url), new URL('../../dist/console/', import.meta.url)];
const TYPES = { 'index.html': 'text/html', 'app.js': 'text/javascript', 'app.css': 'text/css' } as const;
const BASE = '<base href="/">';

export type AssetName = keyof typeof TYPES;

interface Asset {
  text: string;
  zipped: Uint8Array<ArrayBuffer>;
  etag: string;
}

/** The files of the pages, read once, zipped once. */
export class Assets {
  readonly #known = new Map<AssetName, Asset>();
  readonly #basePath: string;

  /** @param basePath where the console is mounted, `/` or such as `/console/` */
  constructor(basePath: string) {
    this.#basePath = basePath;
  }

  /** The text of a file; throws where the package was built without the pages. */
  text(name: AssetName): string {
    return this.#asset(name).text;
  }

  answer(name: AssetName, headers: Headers): Response {
    const { text, zipped, etag } = this.#asset(name);
    const common = {
      'content-type': `${TYPES[name]}; charset=utf-8`,
      'cache-control': 'no-cache',
      vary: 'accept-encoding',
      etag,
    };
    if (headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: common });
    const zips = /\bgzip\b/.test(headers.get('accept-encoding') ?? '');
    return zips
      ? new Response(zipped, { headers: { ...common, 'content-encoding': 'gzip' } })
      : new Response(text, { headers: common });
  }

  #asset(name: AssetName): Asset {
    const known = this.#known.get(name);
    if (known) return known;
    const file = readAsset(name);
    const text = name === 'index.html' ? file.replace(BASE, `<base href="${this.#basePath}">`) : file;
    const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
    const asset: Asset = { text, zipped: new Uint8Array(gzipSync(text, { level: 9 })), etag };
    this.#known.set(name, asset);
    return asset;
  }
}

function readAsset(name: AssetName): string {
  const file = FOLDERS.map((folder) => fileURLToPath(new URL(name, folder))).find((one) => existsSync(one));
  if (file) return readFileSync(file, 'utf8');
  throw new ConsoleError('failed', `The pages are missing from this package (${name}): run "npm run build"`);
}
