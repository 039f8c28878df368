// Takes out of node_modules of the given folder what a worker never uses: what only a bundler of workflows needs (webpack,
// swc and all below them; the workflows of the image were bundled when it was built), type declarations and source maps.
// The SDK loads the bundler in any case, so in its place stand modules that say what is missing when they are used.
// `sbom.cdx.json` in the folder, where there is one, is left with what stays.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folder = process.argv[2];
const BUNDLER = ['webpack', 'swc-loader', '@swc/core', 'source-map-loader', 'memfs', 'unionfs'];
/** Sources of the SDK's native library, which is there ready made. */
const NATIVE_SOURCES = ['@temporalio/core-bridge/sdk-core', '@temporalio/core-bridge/src'];
const USELESS = /\.(map|ts|mts|cts)$/;

const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const remove = (path) => rmSync(join(folder, path), { recursive: true, force: true });
const { packages } = read('package-lock.json');

const kept = keptPackages();
const dropped = Object.keys(packages).filter((path) => path !== '' && !packages[path].dev && !kept.has(path));
for (const path of [...dropped, ...NATIVE_SOURCES.map((source) => `node_modules/${source}`)]) remove(path);
const entries = readdirSync(join(folder, 'node_modules'), { recursive: true });
for (const entry of entries.filter((name) => USELESS.test(name))) remove(join('node_modules', entry));
for (const name of BUNDLER) putStub(name);
if (existsSync(join(folder, 'sbom.cdx.json'))) trimBillOfMaterials();

/** Paths of the packages that ours reaches without going through the bundler. */
function keptPackages() {
  const found = new Set();
  const visit = (at) => {
    const { dependencies, optionalDependencies, peerDependencies } = packages[at === '.' ? '' : at];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const path = BUNDLER.includes(name) ? null : resolve(name, at);
      if (path === null || found.has(path)) continue;
      found.add(path);
      visit(path);
    }
  };
  visit('.');
  return found;
}

/** Where a package finds another one: below it, beside it, or above. */
function resolve(name, from) {
  for (let at = from; ; at = dirname(dirname(at))) {
    const path = join(at, 'node_modules', name);
    if (packages[path]) return path;
    if (at === '.') return null;
  }
}

function putStub(name) {
  const path = join(folder, 'node_modules', name);
  const message = `This image has no ${name}, for its workflows were bundled when it was built. To bundle others, build an image of your own from the npm package.`;
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version: '0.0.0-not-in-this-image' }));
  writeFileSync(
    join(path, 'index.js'),
    `function missing() { throw new Error(${JSON.stringify(message)}); }
module.exports = new Proxy(missing, { get: (_, key) => key === '__esModule' || missing });\n`,
  );
}

function trimBillOfMaterials() {
  const gone = new Set(
    dropped.map((path) => `${path.split('node_modules/').at(-1)}@${packages[path].version}`),
  );
  const bill = read('sbom.cdx.json');
  const stays = (ref) => !gone.has(ref);
  bill.components = bill.components.filter((one) => stays(one['bom-ref']));
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => stays(ref))
    .map((one) => ({ ...one, dependsOn: one.dependsOn.filter(stays) }));
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(bill, null, 1)}\n`);
}
