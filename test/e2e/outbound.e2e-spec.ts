import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AddressGuard, loopbackCidrs } from '../../src/callback/address-guard.js';
import { createCallbackAgent } from '../../src/callback/callback-agent.js';
import { exchange } from '../../src/callback/exchange.js';
import { issueCertificate } from '../../src/config/local-authority.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { Stage } from '../support/stage.js';
import { testKeyring } from '../support/vault.js';

describe('a callback over HTTPS', () => {
  let folder: string;
  let callback: TlsServer;
  let heard = 0;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'signalbox-outbound-'));
    const { cert, key } = await issueCertificate(folder, '127.0.0.1');
    callback = createTlsServer({ cert, key }, (_, response) => {
      heard++;
      response.end('ok');
    });
    await new Promise<void>((resolve) => callback.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => callback.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  it('is told nothing as long as nobody vouches for its certificate, also where the environment says not to mind', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    const agent = createCallbackAgent({ guard: new AddressGuard(loopbackCidrs) });
    try {
      const { status, error } = await exchange(agent, {
        url: new URL(`https://127.0.0.1:${(callback.address() as AddressInfo).port}/`),
        method: 'POST',
        headers: {},
        body: Buffer.from('{}'),
        timeoutMs: 5_000,
        answerBytesMax: 100,
        keepBody: false,
      });
      expect(status).toBeUndefined();
      expect(error).toMatch(/^TLS: /);
      expect(heard).toBe(0);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
      await agent.destroy();
    }
  });
});

describe('the proxy of the environment', () => {
  let proxy: Server;
  let connections = 0;
  let database: TestDatabase;
  let server: ServerProcess;
  let stage: Stage;

  beforeAll(async () => {
    proxy = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
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
    });
    stage = new Stage(server);
  });
  afterAll(async () => {
    await stage?.close();
    await server?.kill('SIGKILL');
    await database?.drop();
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('sees neither the question to a callback nor a delivery', async () => {
    const bot = await stage.addBot('2200000000000022');
    const page = await stage.addPage('104700000000001', [[bot]], { messenger: { defaultApp: bot } });
    const action = { type: 'message', text: 'hello' };
    await stage.ask('POST', `/api/v1/simulator/pages/${page.id}/people/7000000000000101/actions`, action);
    await bot.receiver.waitFor('the message', ([first]) => first);
    expect(connections).toBe(0);
  });
});
