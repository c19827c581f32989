import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate, openDataSource } from '../../src/store/data-source.js';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../../src/store/embedded-postgres.js';
import { hasCode } from '../../src/store/postgres-binaries.js';
import { collectLogs } from './canaries.js';
import { announceTestServer, asAdmin, urlOf } from './test-server.js';

/** Throw-away servers live here, under the number of the process that started them. */
const FOLDER_PREFIX = 'signalbox-test-';

/**
 * One server for the whole run, with a migrated template that every test file clones: the one of `DATABASE_URL`, else an
 * embedded one that is stopped and removed afterwards.
 */
export async function startServer(): Promise<void> {
  await collectLogs();
  const server = announceTestServer(process.env.DATABASE_URL || (await startThrowAwayServer()));
  await asAdmin(server, (admin) => admin.query(`create database ${server.template} template template0`));
  const dataSource = await openDataSource(urlOf(server, server.template), { applicationName: 'signalbox tests' });
  await migrate(dataSource);
  await dataSource.destroy();
  // A database that somebody is connected to cannot be cloned, so nobody may; a pooler keeps connections for later.
  await asAdmin(server, async (admin) => {
    await admin.query(`alter database ${server.template} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [server.template]);
  });
}

async function startThrowAwayServer(): Promise<string> {
  await removeAbandoned();
  const dataDir = path.join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`);
  process.env.SIGNALBOX_TEST_DATA_DIR = dataDir;
  const { url } = await startEmbeddedPostgres({ dataDir, durable: false });
  return url;
}

/** A run that was killed could not stop its server. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    const dataDir = path.join(tmpdir(), name);
    try {
      await stopEmbeddedPostgres(dataDir);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    } catch {
      // Another user's, or another run is removing it.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
