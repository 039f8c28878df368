/** What package-lock.json must keep to: every platform, licences that forbid nothing, no host of somebody's registry. */
export interface LockFile {
  packages: Record<string, LockedPackage>;
}

export interface LockedPackage {
  version?: string;
  license?: string;
  dev?: boolean;
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

/** Licences under which everybody may use, change and hand on what they cover, also beside code of their own. */
const PERMISSIVE = [
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Unlicense'],
  // Of data, not of code: caniuse-lite.
  'CC-BY-4.0',
];
/** Packages whose package.json names none, and what their LICENSE file says. */
const BY_FILE: Readonly<Record<string, string>> = { unionfs: 'Unlicense' };

const nameOf = (path: string) => path.split('node_modules/').at(-1) ?? path;

/**
 * Packages for other platforms that the lock file lacks. npm drops them when it is run with a node_modules of one platform
 * only, and then `npm ci` fails, or worse, on all others.
 */
export function missingPlatforms({ packages }: LockFile): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`])
      .map(
        (name) =>
          `${nameOf(path)} needs ${name} on another platform, and package-lock.json has no such package`,
      ),
  );
}

/**
 * Packages of the product whose licence is not known to be permissive.
 *
 * @param installed the licence that the installed package names, by its path; undefined for none
 */
export function licenceProblems(
  { packages }: LockFile,
  installed: (path: string) => string | undefined,
): string[] {
  return Object.entries(packages).flatMap(([path, { license, dev }]) => {
    if (path === '' || dev) return [];
    const name = nameOf(path);
    const found = license ?? installed(path) ?? BY_FILE[name] ?? familyLicence(name, packages);
    if (found && partsOf(found).every((part) => PERMISSIVE.includes(part))) return [];
    return [`${name} is under ${found ?? 'no licence that is named'}`];
  });
}

/** A package of one platform is under the licence of the package that chooses it. */
function familyLicence(name: string, packages: LockFile['packages']): string | undefined {
  return Object.values(packages).find(({ optionalDependencies = {} }) => name in optionalDependencies)
    ?.license;
}

function partsOf(expression: string): string[] {
  return expression.replace(/[()]/g, '').split(/ (?:AND|OR) /);
}

/** Packages that would be fetched from one host, whatever the reader's registry is. */
export function foreignSources({ packages }: LockFile): string[] {
  return Object.entries(packages).flatMap(([path, { resolved }]) =>
    resolved ? [`${nameOf(path)} is fetched from an address in package-lock.json`] : [],
  );
}
