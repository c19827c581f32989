import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { issueCertificate } from '../../src/config/local-authority.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { Stage } from '../support/stage.js';
import { testKeyring } from '../support/vault.js';

/*
 * A server whose environment has what administrators set for other programs: a proxy for everything, and that certificates
 * do not matter. Callbacks are none of that environment's business.
 */
let folder: string;
let proxy: Server;
let connections = 0;
let database: TestDatabase;
let server: ServerProcess;
let stage: Stage;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'signalbox-outbound-'));
  proxy = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await listen(proxy);
  const address = `http://127.0.0.1:${portOf(proxy)}`;
  database = await createTestDatabase();
  server = await startServerProcess({
    DATABASE_URL: database.url,
    KEYRING: testKeyring,
    ADMIN_TOKEN: 'CANARY-admin-token-0123456789',
    // What libraries look for, and what makes Node itself look for it.
    HTTP_PROXY: address,
    HTTPS_PROXY: address,
    ALL_PROXY: address,
    http_proxy: address,
    NODE_USE_ENV_PROXY: '1',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  });
  stage = new Stage(server);
});
afterAll(async () => {
  await stage?.close();
  await server?.kill('SIGKILL');
  await database?.drop();
  await new Promise((resolve) => proxy.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const listen = (each: Server | TlsServer) => new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
const portOf = (each: Server | TlsServer) => (each.address() as AddressInfo).port;

it('a callback is told nothing as long as nobody vouches for its certificate', async () => {
  const { cert, key } = await issueCertificate(folder, '127.0.0.1');
  let heard = 0;
  const callback = createTlsServer({ cert, key }, (_, response) => {
    heard++;
    response.end();
  });
  await listen(callback);
  try {
    const callback_url = `https://127.0.0.1:${portOf(callback)}/`;
    const { status, body } = await stage.api('PUT', '/api/v1/apps/2200000000000021', { name: 'Bot', callback_url });
    expect({ status, body }).toMatchObject({ status: 422, body: { code: 'callback_not_verified' } });
    expect(body.detail).toContain('TLS: ');
    expect(heard).toBe(0);
  } finally {
    await new Promise((resolve) => callback.close(resolve));
  }
});

it('the proxy of the environment sees neither the question to a callback nor a delivery', async () => {
  const bot = await stage.addBot('2200000000000022');
  const page = await stage.addPage('104700000000001', [[bot]], { messenger: { defaultApp: bot } });
  const action = { type: 'message', text: 'hello' };
  await stage.ask('POST', `/api/v1/simulator/pages/${page.id}/people/7000000000000101/actions`, action);
  await bot.receiver.waitFor('the message', ([first]) => first);
  expect(connections).toBe(0);
});
