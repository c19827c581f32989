import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hasCode } from './postgres-binaries.js';
import { StoreUnavailableError } from './store-unavailable.error.js';

const POLL_MS = 20;
const FAST_SHUTDOWN_TIMEOUT_MS = 30_000;
const IMMEDIATE_SHUTDOWN_TIMEOUT_MS = 10_000;

/** The first process of a running PostgreSQL server, as its own `postmaster.pid` describes it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly socketDir: string;
  /** False while it starts, recovers or shuts down. */
  readonly ready: boolean;
}

/** The server that runs on this cluster now, whoever started it; null if there is none. */
export async function findPostmaster(cluster: string): Promise<Postmaster | null> {
  const lines = await readPidFile(cluster);
  const pid = Number(lines?.[0]);
  if (lines === null || !(pid > 0) || !(await servesCluster(pid, cluster))) return null;
  return { pid, port: Number(lines[3]), socketDir: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' };
}

/**
 * After a crash the number in `postmaster.pid` may belong to another program (in a container that is the rule: numbers
 * start over), and PostgreSQL then believes that it still runs. It knows its own parent, us, cannot be that server, so
 * our number goes there. The file is not removed: its last lines tell whether processes of the crashed server linger.
 * Only for the holder of the start lock, who has found no postmaster.
 */
export async function disownPidFile(cluster: string): Promise<void> {
  const lines = await readPidFile(cluster);
  if (lines === null) return;
  await writeFile(path.join(cluster, 'postmaster.pid'), [process.pid, ...lines.slice(1)].join('\n'));
}

/** Fast shutdown: open transactions are rolled back, a checkpoint is written. Returns when the server has gone. */
export async function stopPostmaster(cluster: string, pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  if (await hasGone(pid, cluster, FAST_SHUTDOWN_TIMEOUT_MS)) return;
  // The next start recovers from the write-ahead log.
  signal(pid, 'SIGQUIT');
  if (await hasGone(pid, cluster, IMMEDIATE_SHUTDOWN_TIMEOUT_MS)) return;
  throw new StoreUnavailableError(`PostgreSQL (process ${pid}) on ${cluster} does not stop`);
}

async function hasGone(pid: number, cluster: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if ((await findPostmaster(cluster))?.pid !== pid) return true;
    await delay(POLL_MS);
  }
  return false;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error; // else it ended by itself
  }
}

async function readPidFile(cluster: string): Promise<string[] | null> {
  try {
    return (await readFile(path.join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** By its command line, which everyone may read; `/proc/<pid>/cwd` is closed to root in an ordinary container. */
async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  try {
    if (process.platform === 'linux') {
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes(cluster);
    }
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
    return stdout.includes(`-D ${cluster}`);
  } catch {
    return false; // no such process
  }
}
