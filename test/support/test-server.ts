import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** What global set-up tells the test files, which run in other processes. */
export interface TestServer {
  /** Of the database `postgres` or whichever the server was given with: for creating others. */
  readonly adminUrl: string;
  /** Begins the name of every database of this run. */
  readonly prefix: string;
  readonly template: string;
}

const VARIABLE = 'SIGNALBOX_TEST_SERVER';

export function announceTestServer(adminUrl: string): TestServer {
  const prefix = `signalbox_test_${randomBytes(4).toString('hex')}`;
  const server = { adminUrl, prefix, template: `${prefix}_template` };
  process.env[VARIABLE] = JSON.stringify(server);
  return server;
}

export function testServer(): TestServer {
  const announced = process.env[VARIABLE];
  if (announced === undefined)
    throw new Error('no test server: this project lacks the global set-up of jest.config.js');
  return JSON.parse(announced) as TestServer;
}

export function forgetTestServer(): void {
  delete process.env[VARIABLE];
}

/** The same server and user, another database. */
export function urlOf(server: TestServer, database: string): string {
  return server.adminUrl.replace(/^(postgres(?:ql)?:\/\/[^/]*)\/?[^?]*/, `$1/${database}`);
}

/** Runs `task` on a short connection for creating and dropping databases. */
export async function asAdmin<T>(server: TestServer, task: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    return await task(client);
  } finally {
    await client.end();
  }
}
