import { rm } from 'node:fs/promises';
import { stopEmbeddedPostgres } from '../../src/store/embedded-postgres.js';
import { searchLogs } from './canaries.js';
import { asAdmin, forgetTestServer, testServer } from './test-server.js';

/**
 * Removes the throw-away server, or from a server of somebody's every database of this run. Then it looks at what servers
 * have logged meanwhile. @throws Error if that gives away what it must not.
 */
export async function stopServer(): Promise<void> {
  const dataDir = process.env.SIGNALBOX_TEST_DATA_DIR;
  if (dataDir !== undefined) {
    await stopEmbeddedPostgres(dataDir);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    delete process.env.SIGNALBOX_TEST_DATA_DIR;
  } else {
    await dropDatabases();
  }
  forgetTestServer();
  await searchLogs();
}

async function dropDatabases(): Promise<void> {
  const server = testServer();
  await asAdmin(server, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(
      `select datname as name from pg_database where starts_with(datname, $1)`,
      [server.prefix],
    );
    for (const { name } of rows) await admin.query(`drop database if exists ${name} with (force)`);
  });
}
