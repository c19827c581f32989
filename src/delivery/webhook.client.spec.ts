import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { AddressGuard, loopbackCidrs } from '../callback/address-guard.js';
import { createCallbackAgent } from '../callback/callback-agent.js';
import { signatureHeaders } from '../callback/signature.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { WebhookClient, type WebhookPost } from './webhook.client.js';

const agent = createCallbackAgent({ guard: new AddressGuard(loopbackCidrs) });
const clock = new FakeClock(Date.UTC(2026, 0, 1));
const client = new WebhookClient(agent, clock);
const impatient = new WebhookClient(agent, clock, 50);
const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

afterAll(() => agent.destroy());

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?x=1`;
}

const receiver = (listener: RequestListener) => listen(createHttpServer(listener));
/** A receiver that writes bytes of its own instead of HTTP. */
const rawReceiver = (answer: (socket: Socket) => void) =>
  listen(createServer((socket) => void socket.once('data', () => answer(socket))));

const post = (url: string, extra: Partial<WebhookPost> = {}): WebhookPost => ({
  url,
  secret: 'secret',
  body: Buffer.from(String.raw`{"text":"\u00e4"}`),
  deliveryId: 'inc.7.12.300',
  attempt: 1,
  ...extra,
});

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it('posts the exact bytes, signed, with the headers of the platform and ours', async () => {
  const received: { request: IncomingMessage; body: Buffer }[] = [];
  const url = await receiver((request, response) => {
    void read(request).then((body) => {
      received.push({ request, body });
      response.end('EVENT_RECEIVED');
    });
  });
  const sent = post(url, { attempt: 3, replay: true, gap: { count: 2, firstDeliveryId: 'inc.7.12.298' } });
  expect(await client.post(sent)).toEqual({ ok: true, status: 200, durationMs: expect.any(Number) });
  const [{ request, body }] = received as [(typeof received)[0]];
  expect(body).toEqual(sent.body);
  expect(request.method).toBe('POST');
  expect(request.url).toBe('/hook?x=1');
  const signatures = signatureHeaders('secret', body);
  expect(request.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(sent.body.length),
    accept: '*/*',
    'accept-encoding': 'deflate, gzip',
    'user-agent': 'facebookexternalua',
    'facebook-api-version': 'unversioned',
    'x-hub-signature': signatures['X-Hub-Signature'],
    'x-hub-signature-256': signatures['X-Hub-Signature-256'],
    'x-signalbox-delivery': 'inc.7.12.300',
    'x-signalbox-attempt': '3',
    'x-signalbox-gap': 'count=2; first=inc.7.12.298',
    'x-signalbox-replay': 'true',
  });
});

it('leaves the marks of gaps and replays out of ordinary deliveries', async () => {
  let headers: string[] = [];
  const url = await receiver((request, response) => {
    headers = Object.keys(request.headers);
    response.end();
  });
  await client.post(post(url));
  expect(headers).not.toContain('x-signalbox-gap');
  expect(headers).not.toContain('x-signalbox-replay');
});

it('keeps connections for the next deliveries', async () => {
  const ports = new Set<number | undefined>();
  const url = await receiver((request, response) => {
    ports.add(request.socket.remotePort);
    response.end('ok');
  });
  for (let n = 0; n < 20; n += 1) await client.post(post(url));
  // The pool opens a second one while the first is still being handed back.
  expect(ports.size).toBeLessThanOrEqual(2);
});

it.each([200, 201, 204, 299])('takes %i as an acknowledgement', async (status) => {
  const url = await receiver((_request, response) => response.writeHead(status).end());
  expect(await client.post(post(url))).toMatchObject({ ok: true, status });
});

it.each([400, 404, 410, 429, 500, 503])('reports %i as a failure', async (status) => {
  const url = await receiver((_request, response) => response.writeHead(status).end('nope'));
  expect(await client.post(post(url))).toEqual({
    ok: false,
    status,
    error: `answered ${status}`,
    durationMs: expect.any(Number),
  });
});

it('hands on how long an overloaded app wants to be left alone, and nobody else', async () => {
  const answering = (status: number) =>
    receiver((_request, response) => response.writeHead(status, { 'retry-after': '7' }).end());
  expect(await client.post(post(await answering(429)))).toMatchObject({ retryAfterMs: 7_000 });
  expect(await client.post(post(await answering(503)))).toMatchObject({ retryAfterMs: 7_000 });
  expect(await client.post(post(await answering(500)))).not.toHaveProperty('retryAfterMs');
});

it.each([301, 302, 307, 308])('does not follow a %i', async (status) => {
  let elsewhere = 0;
  const inner = await receiver((_request, response) => {
    elsewhere += 1;
    response.end();
  });
  const url = await receiver((_request, response) => response.writeHead(status, { location: inner }).end());
  expect(await client.post(post(url))).toMatchObject({ ok: false, status, error: expect.stringMatching(/redirects/) });
  expect(elsewhere).toBe(0);
});

const socketsClosed = () =>
  Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));

it('gives up on an app that never answers, and frees the connection', async () => {
  const url = await receiver(() => undefined);
  const result = await impatient.post(post(url));
  expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/within 50 ms/) });
  expect(result.status).toBeUndefined();
  await socketsClosed();
});

it('counts the status of an answer whose body stalls, and frees the connection', async () => {
  const url = await rawReceiver((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab'));
  expect(await impatient.post(post(url))).toMatchObject({ ok: true, status: 200 });
  await socketsClosed();
});

it('stops reading an endless answer', async () => {
  let written = 0;
  const url = await rawReceiver((socket) => {
    socket.write('HTTP/1.1 500 No\r\nContent-Length: 1000000000\r\n\r\n');
    const pump = (): void => {
      while (!socket.destroyed && socket.write('x'.repeat(16_384))) written += 16_384;
    };
    socket.on('drain', pump);
    pump();
  });
  expect(await client.post(post(url))).toMatchObject({ ok: false, status: 500 });
  await socketsClosed();
  expect(written).toBeLessThan(50_000_000);
});

it.each([
  ['no HTTP', (socket: Socket) => socket.end('what?\r\n\r\n')],
  ['too many headers', (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}\r\n`)],
  ['a dropped connection', (socket: Socket) => socket.destroy()],
  ['a reset connection', (socket: Socket) => socket.resetAndDestroy()],
])('reports %s in words', async (_name, answer) => {
  const result = await client.post(post(await rawReceiver(answer)));
  expect(result.ok).toBe(false);
  expect(result.ok ? '' : result.error).toMatch(/closed before|does not match the HTTP|Headers Overflow/i);
});

it('takes the status of an answer whose chunks are broken', async () => {
  const url = await rawReceiver((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbroken'),
  );
  expect(await client.post(post(url))).toMatchObject({ ok: true, status: 200 });
});

it('says when nothing listens, when the address is forbidden and when it is no URL', async () => {
  expect(await client.post(post('http://127.0.0.1:1/'))).toMatchObject({
    ok: false,
    error: expect.stringMatching(/refused/),
  });
  expect(await client.post(post('http://10.0.0.1/'))).toMatchObject({
    ok: false,
    error: expect.stringMatching(/not public/),
  });
  expect(await client.post(post('nonsense'))).toMatchObject({ ok: false, error: expect.stringMatching(/not a URL/) });
});

it.each([
  ['by the clock of the receiver', { Date: 'Mon, 05 Jan 2026 10:00:00 GMT' }, 'Mon, 05 Jan 2026 10:00:40 GMT'],
  ['by ours if it does not say what time it has', {}, 'Thu, 01 Jan 2026 00:00:40 GMT'],
])('reads a date in Retry-After %s', async (_, headers, retryAfter) => {
  const url = await receiver((_request, response) => {
    response.sendDate = false;
    response.writeHead(503, { ...headers, 'Retry-After': retryAfter }).end();
  });
  expect(await client.post(post(url))).toMatchObject({ ok: false, status: 503, retryAfterMs: 40_000 });
});
