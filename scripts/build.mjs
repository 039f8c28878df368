// Compiles src/ into dist/, and bundles the workflows, so that a worker starts without webpack, and the pages of the
// console. Builds beside dist/ and swaps it in at the end: a build that fails, or one that runs meanwhile, leaves a whole
// dist/ behind. Where dist/ was made from the very same sources there is nothing to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leanProtos } from './lean-protos.mjs';

const root = new URL('../', import.meta.url);
const path = (name) => fileURLToPath(new URL(name, root));
const fresh = `dist-${process.pid}`;
const old = `dist-${process.pid}-old`;

const sources = hashOfSources();

if (!existsSync(path('dist/.sources')) || readFileSync(path('dist/.sources'), 'utf8') !== sources) {
  try {
    compile();
    await bundle();
    await pages();
    await consoleProcess();
    chmodSync(path(`${fresh}/cli.js`), 0o755);
    writeFileSync(path(`${fresh}/.sources`), sources);
    if (existsSync(path('dist'))) renameSync(path('dist'), path(old));
    renameSync(path(fresh), path('dist'));
  } finally {
    for (const folder of [fresh, old]) rmSync(path(folder), { recursive: true, force: true });
  }
}

function hashOfSources() {
  const hash = createHash('sha256');
  const inputs = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.mjs',
    'scripts/lean-protos.mjs',
  ];
  for (const file of [...inputs, ...sourceFiles('src')]) hash.update(file).update(readFileSync(path(file)));
  return hash.digest('hex');
}

function sourceFiles(folder) {
  return readdirSync(path(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path('.'), join(entry.parentPath, entry.name)))
    .sort();
}

function compile() {
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc');
  const args = [tsc, '-p', path('tsconfig.build.json'), '--outDir', path(fresh)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) {
    rmSync(path(fresh), { recursive: true, force: true });
    process.exit(1);
  }
}

// Four: whether what a failure says goes through the codec, and whether there are traces, is part of a bundle.
async function bundle() {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { ownInterceptorModules, preloadModules, tracedInterceptorModules, workflowsPath } = await import(
    new URL(`${fresh}/worker/workflow-code.js`, root).href
  );
  const logger = new DefaultLogger('WARN');
  const { encodedFailures } = await import(new URL(`${fresh}/encryption/encoded-failures.js`, root).href);
  const sources = {
    workflowsPath,
    workflowInterceptorModules: ownInterceptorModules,
    preloadModules,
    logger,
  };
  const traced = { workflowInterceptorModules: tracedInterceptorModules };
  const encoded = { failureConverterPath: encodedFailures };
  for (const [name, more] of [
    ['workflow-bundle', {}],
    ['workflow-bundle-traced', traced],
    ['workflow-bundle-encoded-failures', encoded],
    ['workflow-bundle-encoded-failures-traced', { ...encoded, ...traced }],
  ]) {
    const { code } = await bundleWorkflowCode({ ...sources, ...more });
    writeFileSync(path(`${fresh}/${name}.js`), withoutSourceMap(code));
  }
}

// One script and one style: what a browser loads of the console in all. The licences of what is in it lie beside it.
async function pages() {
  const { build } = await import('esbuild');
  const web = 'src/console/web';
  await build({
    entryPoints: [
      { in: path(`${web}/main.tsx`), out: 'app' },
      { in: path(`${web}/style/index.css`), out: 'app' },
    ],
    outdir: path(`${fresh}/console`),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    tsconfig: path(`${web}/tsconfig.json`),
    legalComments: 'none',
    logLevel: 'warning',
  });
  cpSync(path(`${web}/index.html`), path(`${fresh}/console/index.html`));
  writeLicences('LICENSES.txt', ['preact', '@preact/signals', '@preact/signals-core']);
}

// One file of all that the process of a console runs: loading hundreds takes longer than all else until the first page.
async function consoleProcess() {
  const { build } = await import('esbuild');
  const file = path(`${fresh}/console/process.js`);
  const { metafile } = await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: [ownPlaces(file), leanProtos(path(fresh))],
  });
  rmSync(`${file}.map`);
  const packages = Object.keys(metafile.inputs).flatMap(
    (input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? [],
  );
  writeLicences('process-LICENSES.txt', [...new Set(packages)].sort());
}

// What a module finds by its own place it finds from the bundle too.
function ownPlaces(bundle) {
  return {
    name: 'own-places',
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`${fresh}.*\\.js$`) }, ({ path: file }) => {
        const place = `new URL(${JSON.stringify(relative(dirname(bundle), file))},import.meta.url).href`;
        return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', place) };
      });
    },
  };
}

// The licences of packages that a bundle holds lie beside it.
function writeLicences(file, packages) {
  const texts = packages.map((name) => {
    const folder = path(`node_modules/${name}`);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const text = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version}\n\n${text ? readFileSync(join(folder, text), 'utf8') : `Licence: ${license}\n`}`;
  });
  writeFileSync(path(`${fresh}/console/${file}`), texts.join('\n---\n\n'));
}

// The SDK looks every promise of a workflow up in the map: without its lines a workflow takes a third less CPU, and its
// stack traces name lines of the bundle.
function withoutSourceMap(code) {
  const at = code.lastIndexOf('//# sourceMappingURL=');
  const map = { version: 3, file: 'workflow-bundle.js', sources: [], names: [], mappings: '' };
  const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  return `${code.slice(0, at)}//# sourceMappingURL=${url}\n`;
}
