import { createServer, type AddressInfo, type Server } from 'node:net';
import { AddressGuard } from '../../src/callback/address-guard.js';
import { createCallbackAgent } from '../../src/callback/callback-agent.js';
import { exchange } from '../../src/callback/exchange.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { ssrfAnswers, ssrfUrls } from '../support/ssrf-corpus.js';

/*
 * A gateway is given every address that leads inside as a callback. The canary listens on all of this machine's addresses,
 * on the one port that is allowed, and has to hear nothing.
 */
let canary: Server;
let port: number;
let connections: string[] = [];

beforeAll(async () => {
  canary = createServer((socket) => {
    connections.push(socket.localAddress ?? 'unknown');
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, '::', resolve));
  port = (canary.address() as AddressInfo).port;
});
beforeEach(() => (connections = []));
afterAll(() => new Promise((resolve) => canary.close(resolve)));

describe('a gateway', () => {
  let signalbox: TestSignalbox;
  beforeAll(async () => {
    signalbox = await startSignalbox({
      MODE: 'gateway',
      META_APP_SECRET: 'secret-of-the-meta-app',
      META_VERIFY_TOKEN: 'verify-token-of-the-meta-app',
      CALLBACK_PORTS: String(port),
      CALLBACK_ALLOW: '',
    });
  });
  afterAll(() => signalbox.stop());

  it('takes none of them as a callback and connects nowhere', async () => {
    const urls = ssrfUrls(port);
    expect(urls.length).toBeGreaterThan(300);
    const taken: unknown[] = [];
    for (const [index, callback_url] of urls.entries()) {
      const id = String(3_000_000_000_000_000 + index);
      const { status, body } = await signalbox.api('PUT', `/api/v1/apps/${id}`, { name: 'x', callback_url });
      if (status !== 422 && status !== 400) taken.push([callback_url, status, body]);
    }
    expect(taken).toEqual([]);
    expect(connections).toEqual([]);
    expect((await signalbox.api('GET', '/api/v1/apps')).body.data).toEqual([]);
  });

  it('refuses a port that callbacks are not meant to be on', async () => {
    const answer = await signalbox.api('PUT', '/api/v1/apps/3000000000000000', {
      name: 'x',
      callback_url: 'https://8.8.8.8:22/hook',
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'callback_not_verified' } });
    expect(answer.body.detail).toMatch(/port 22 is not allowed/);
  });
});

it('connects to no inside address that a name server answers', async () => {
  const reached: unknown[] = [];
  for (const answer of ssrfAnswers) {
    const agent = createCallbackAgent({ guard: new AddressGuard([]), resolve: () => Promise.resolve([...answer]) });
    const { status, error } = await exchange(agent, {
      url: new URL(`http://bot.example:${port}/`),
      method: 'GET',
      headers: {},
      timeoutMs: 5_000,
      answerBytesMax: 100,
      keepBody: false,
    });
    if (status !== undefined || !/is not public/.test(error ?? '')) reached.push([answer, status, error]);
    await agent.destroy();
  }
  expect(reached).toEqual([]);
  expect(connections).toEqual([]);
});
