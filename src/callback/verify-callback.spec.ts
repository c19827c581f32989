import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard, loopbackCidrs } from './address-guard.js';
import { createCallbackAgent } from './callback-agent.js';
import { verifyCallback } from './verify-callback.js';

const agent = createCallbackAgent({ guard: new AddressGuard(loopbackCidrs) });
let server: Server;
let answer: RequestListener;
let callback: URL;

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  callback = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?bot=1`);
});

afterAll(async () => {
  await agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const verify = (options = {}) => verifyCallback(agent, callback, 'to ken&', { challenge: '1158201444', ...options });

it('asks with literal dots, keeps the query of the callback and accepts the challenge, trimmed', async () => {
  let asked = '';
  answer = (request, response) => {
    asked = request.url ?? '';
    response.end(' 1158201444\r\n');
  };
  expect(await verify()).toEqual({ ok: true });
  expect(asked).toBe('/hook?bot=1&hub.mode=subscribe&hub.verify_token=to+ken%26&hub.challenge=1158201444');
});

it('asks something new each time', async () => {
  const challenges: (string | null)[] = [];
  answer = (request, response) => {
    const challenge = new URL(request.url ?? '', 'http://x').searchParams.get('hub.challenge');
    challenges.push(challenge);
    response.end(challenge);
  };
  expect(await verifyCallback(agent, callback, 't')).toEqual({ ok: true });
  expect(await verifyCallback(agent, callback, 't')).toEqual({ ok: true });
  expect(challenges[0]).toMatch(/^[1-9]\d+$/);
  expect(challenges[0]).not.toBe(challenges[1]);
});

it.each([
  ['a refusal', 403, 'Forbidden', /answered 403/],
  ['a 200 with an error text', 200, 'Error, wrong validation token', /not the challenge/],
  ['a 201', 201, '1158201444', /answered 201/],
  ['a challenge in quotes', 200, '"1158201444"', /not the challenge/],
  ['an empty body', 200, '', /not the challenge/],
  ['an endless body', 200, 'x'.repeat(100_000), /broke off/],
])('refuses %s', async (_name, status, body, reason) => {
  answer = (_request, response) => response.writeHead(status).end(body);
  const result = await verify();
  expect(result).toMatchObject({ ok: false, status });
  expect(result.ok ? '' : result.reason).toMatch(reason);
});

it('does not follow a redirect', async () => {
  let requests = 0;
  answer = (_request, response) => {
    requests += 1;
    response.writeHead(302, { location: '/elsewhere' }).end();
  };
  expect(await verify()).toMatchObject({ ok: false, status: 302, reason: expect.stringMatching(/redirects/) });
  expect(requests).toBe(1);
});

it('gives up on a callback that never answers, and on one that is not there', async () => {
  answer = () => undefined;
  expect(await verify({ timeoutMs: 50 })).toMatchObject({ ok: false, reason: expect.stringMatching(/within 50 ms/) });
  const nobody = new URL('http://127.0.0.1:1/');
  expect(await verifyCallback(agent, nobody, 't')).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/refused/),
  });
});
