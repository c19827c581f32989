import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dispatcher } from 'undici';
import { AddressGuard, loopbackCidrs } from './address-guard.js';
import { createCallbackAgent } from './callback-agent.js';
import { exchange, type ExchangeResult } from './exchange.js';

let canary: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  canary = createServer((_request, response) => response.end('ok'));
  canary.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  port = (canary.address() as AddressInfo).port;
});

beforeEach(() => (connections = 0));

afterAll(() => new Promise((resolve) => canary.close(resolve)));

async function get(agent: Dispatcher, host: string): Promise<ExchangeResult> {
  const result = await exchange(agent, {
    url: new URL(`http://${host}:${port}/`),
    method: 'GET',
    headers: {},
    timeoutMs: 5_000,
    answerBytesMax: 100,
    keepBody: true,
  });
  await agent.destroy();
  return result;
}

const v4 = (address: string) => ({ address, family: 4 });

it('refuses a literal loopback address without connecting', async () => {
  const result = await get(createCallbackAgent({ guard: new AddressGuard([]) }), '127.0.0.1');
  expect(result.status).toBeUndefined();
  expect(result.error).toMatch(/127\.0\.0\.1 is not public/);
  expect(connections).toBe(0);
});

it('refuses a name that resolves to loopback, also beside a public address', async () => {
  for (const answer of [[v4('127.0.0.1')], [v4('8.8.8.8'), v4('127.0.0.1')], [{ address: '::1', family: 6 }]]) {
    const agent = createCallbackAgent({ guard: new AddressGuard([]), resolve: () => Promise.resolve(answer) });
    expect((await get(agent, 'rebind.example')).error).toMatch(/rebind\.example: .*is not public/);
  }
  expect(connections).toBe(0);
});

it('checks the very answer it connects to, so a flipping name gains nothing', async () => {
  let asked = 0;
  const agent = createCallbackAgent({
    guard: new AddressGuard([]),
    resolve: () => Promise.resolve([v4(asked++ === 0 ? '8.8.8.8' : '127.0.0.1')]),
  });
  // The first answer was consumed by someone who only wanted to look.
  asked = 1;
  expect((await get(agent, 'flip.example')).error).toMatch(/is not public/);
  expect(connections).toBe(0);
});

it('connects where the guard allows it, by literal and by name', async () => {
  const guard = new AddressGuard(loopbackCidrs);
  expect((await get(createCallbackAgent({ guard }), '127.0.0.1')).status).toBe(200);
  const named = createCallbackAgent({ guard, resolve: () => Promise.resolve([v4('127.0.0.1')]) });
  expect((await get(named, 'bot.example')).body.toString()).toBe('ok');
  expect(connections).toBe(2);
});

it('says when a name is unknown or has no address', async () => {
  const guard = new AddressGuard([]);
  const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  const missing = createCallbackAgent({ guard, resolve: () => Promise.reject(unknown) });
  expect((await get(missing, 'nowhere.example')).error).toMatch(/unknown/);
  const empty = createCallbackAgent({ guard, resolve: () => Promise.resolve([]) });
  expect((await get(empty, 'empty.example')).error).toMatch(/has no address/);
});

it('asks once for many simultaneous connections to one name', async () => {
  let asked = 0;
  let answer: (addresses: { address: string; family: number }[]) => void = () => undefined;
  const agent = createCallbackAgent({
    guard: new AddressGuard(loopbackCidrs),
    resolve: () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    },
  });
  const request = {
    url: new URL(`http://bot.example:${port}/`),
    method: 'GET' as const,
    headers: {},
    timeoutMs: 5_000,
    answerBytesMax: 100,
    keepBody: false,
  };
  const pending = Promise.all(Array.from({ length: 8 }, () => exchange(agent, request)));
  await new Promise((resolve) => setImmediate(resolve));
  answer([v4('127.0.0.1')]);
  expect((await pending).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(asked).toBe(1);
  await agent.destroy();
});
