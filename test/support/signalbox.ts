import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, fetch } from 'undici';
import { readSettings } from '../../src/config/settings.js';
import { startServer, type Server } from '../../src/server.js';
import { adminToken, collectedLog } from './canaries.js';
import { testKeyring } from './vault.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { Front } from './front.js';

/** How many instances each server under test consists of: every suite holds with one as with several. */
const instanceCount = Number(process.env.SIGNALBOX_TEST_INSTANCES ?? '1');

/** A whole server inside the test's process, on a database of its own. */
export interface TestSignalbox extends Server {
  readonly database: TestDatabase;
  /** Calls the admin API; answers status, headers and the parsed body. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

export { adminToken };

/** Starts a server; `settings` are environment variables, `database` shares the database of another server. */
export async function startSignalbox(
  settings: Record<string, string> = {},
  database?: TestDatabase,
): Promise<TestSignalbox> {
  const ownDatabase = database === undefined;
  const store = database ?? (await createTestDatabase());
  const log = collectedLog();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'signalbox-data-'));
  const asked = readSettings({
    PORT: '0',
    DATABASE_URL: store.url,
    DATA_DIR: dataDir,
    ADMIN_TOKEN: adminToken,
    KEYRING: testKeyring,
    // Everything there is to say, where a run collects it; otherwise nothing between the results.
    LOG_LEVEL: log === null ? 'fatal' : 'trace',
    DEMO: 'false',
    // Tests show bad tokens on purpose, all from one address.
    API_FAILURES_PER_MINUTE: '100000',
    API_CALLS_PER_MINUTE: '1000000',
    ...settings,
  });
  const server = await startServer(asked, log ?? undefined);
  const others: Server[] = [];
  for (let count = 1; count < instanceCount; count++) others.push(await startServer(asked, log ?? undefined));
  // With a certificate the address is part of what is tested, and clients talk to the first one.
  const balanced = others.length > 0 && server.certificate === null;
  const front = !balanced ? null : await Front.before([server, ...others].map(({ url }) => url));
  const url = front?.url ?? server.url;
  const authority = server.certificate?.authorityFile ?? null;
  const connections = new Agent({ connect: authority === null ? {} : { ca: await readFile(authority) } });
  return {
    ...server,
    url,
    database: store,
    async api(method, pathname, body, headers = {}) {
      const response = await fetch(`${url}${pathname}`, {
        method,
        headers: {
          authorization: `Bearer ${adminToken}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        dispatcher: connections,
      });
      const text = await response.text();
      const json = (response.headers.get('content-type') ?? '').includes('json');
      return {
        status: response.status,
        headers: new Headers([...response.headers]),
        body: json ? JSON.parse(text) : text,
      };
    },
    async stop() {
      await connections.close();
      await front?.close();
      for (const instance of [server, ...others]) await instance.stop();
      await rm(dataDir, { recursive: true, force: true });
      if (ownDatabase) await store.drop();
    },
  };
}
