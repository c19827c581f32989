import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { isPooled } from '../../src/store/data-source.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { configureShop, openInstance, submit, threadOf, userEvent } from '../support/instance.js';
import { testServer } from '../support/test-server.js';

/* Suites that run through a real pooler show that everything works there; this is about when that is presumed. */
let database: TestDatabase;
let pooler: Server;

/** The message that tells a client which process serves it: a type, a length of 12, the process, a secret. */
const backendKeyData = Buffer.from([0x4b, 0, 0, 0, 12]);

/** As a pooler does, it names a process of its own making. All else goes through as it is. */
function startPooler(url: string): Server {
  const { host, port } = new pg.Client({ connectionString: url });
  return createServer((client) => {
    const server = connect(host.startsWith('/') ? { path: path.join(host, `.s.PGSQL.${port}`) } : { host, port });
    client.on('error', () => server.destroy()).pipe(server);
    server.on('error', () => client.destroy()).on('close', () => client.destroy());
    server.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf(backendKeyData);
      if (at >= 0) chunk.writeInt32BE(2_000_000_000, at + backendKeyData.length);
      client.write(chunk);
    });
  }).listen(0, '127.0.0.1');
}

beforeAll(async () => {
  database = await createTestDatabase();
  pooler = startPooler(database.url);
  await once(pooler, 'listening');
});
afterAll(async () => {
  pooler?.close();
  await database?.drop();
});

/** What is prepared in the session of an instance that has one connection for routing and has routed something. */
async function preparedThrough(url: string): Promise<string[]> {
  const core = await openInstance(url, { DATABASE_POOL: '1' });
  try {
    await configureShop(core);
    await core.router.dispatch(submit(threadOf(1), userEvent('user.message', threadOf(1), 'm_1')));
    const { rows } = await core.hotPool.query<{ name: string }>('select name from pg_prepared_statements');
    return rows.map(({ name }) => name);
  } finally {
    await core.close();
  }
}

it('statements are prepared, but not behind a pooler', async () => {
  const { port } = pooler.address() as AddressInfo;
  const { user = '', password, database: name = '' } = new pg.Client({ connectionString: database.url });
  const holder = [user, password ?? ''].map(encodeURIComponent).join(':');
  expect(await preparedThrough(`postgres://${holder}@127.0.0.1:${port}/${name}`)).toEqual([]);

  const admin = new pg.Pool({ connectionString: testServer().adminUrl });
  const behindOneAnyway = await isPooled(admin);
  await admin.end();
  if (!behindOneAnyway) expect(await preparedThrough(database.url)).toContain('commit');
});
