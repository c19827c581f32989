import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

let signalbox: TestSignalbox;
const clients = new Set<Socket>();

beforeAll(async () => {
  signalbox = await startSignalbox({
    HTTP_CONNECTIONS_MAX: '50',
    API_FAILURES_PER_MINUTE: '3',
    API_CALLS_PER_MINUTE: '200',
    TRUSTED_PROXIES: '127.0.0.0/8',
  });
});
afterEach(() => {
  for (const client of clients) client.destroy();
  clients.clear();
});
afterAll(() => signalbox.stop());

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(signalbox.url);
  const client = connect(Number(port), hostname);
  clients.add(client);
  client.on('error', () => undefined);
  await once(client, 'connect');
  return client;
}

/** Everything the server says until it closes the connection. */
async function untilClosed(client: Socket): Promise<string> {
  const chunks: string[] = [];
  client.setEncoding('latin1').on('data', (chunk: string) => chunks.push(chunk));
  if (!client.closed) await once(client, 'close');
  return chunks.join('');
}

const from = (address: string, token?: string) => ({
  'x-forwarded-for': address,
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
});

it('a header that is too long is refused, and the connection with it', async () => {
  const client = await open();
  client.write(`GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`);
  expect(await untilClosed(client)).toMatch(/^HTTP\/1\.1 431 /);
});

it('a client that never ends its headers is let go, and so is one that never ends its body', async () => {
  const [headers, body] = [await open(), await open()];
  headers.write('GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: a');
  body.write('POST /webhooks/meta HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf');
  // Neither has said anything since; others are served meanwhile.
  expect((await signalbox.api('GET', '/health/live')).status).toBe(200);
  expect(await untilClosed(headers)).toMatch(/^HTTP\/1\.1 408 /);
  expect(await untilClosed(body)).toMatch(/^HTTP\/1\.1 4\d\d /);
});

it('more connections than there may be are closed, and the server goes on', async () => {
  const many = await Promise.all(Array.from({ length: 80 }, open));
  // One that is left is closed only when the test ends, so it is enough that some are closed.
  await Promise.any(many.map((client) => once(client.resume(), 'close')));
  for (const client of clients) client.destroy();
  clients.clear();
  await untilServed();
});

it('a body that is too large for the admin API is refused before it is sent', async () => {
  const client = await open();
  client.write(
    'PUT /api/v1/apps/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n',
  );
  const [answer] = await once(client.setEncoding('latin1'), 'data');
  expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*"code":"body_too_large"/);
});

it('an address that guesses tokens is refused for a while, also with a right one, and others are not', async () => {
  for (let guess = 0; guess < 3; guess++) {
    const { status } = await signalbox.api('GET', '/api/v1/pages', undefined, from('192.0.2.1', `guess-${guess}`));
    expect(status).toBe(401);
  }
  const refused = await signalbox.api('GET', '/api/v1/pages', undefined, from('192.0.2.1'));
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await signalbox.api('GET', '/api/v1/pages', undefined, from('192.0.2.2'))).status).toBe(200);
});

it('an address that guesses at the sign-in is refused for a while, whatever else it sends', async () => {
  const signIn = (token: string, address: string) =>
    signalbox.api('POST', '/api/v1/session', { token }, { ...from(address), authorization: '' });
  for (let guess = 0; guess < 3; guess++) expect((await signIn(`guess-${guess}`, '192.0.2.4')).status).toBe(401);
  expect(await signIn(adminToken, '192.0.2.4')).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  expect((await signIn(adminToken, '192.0.2.5')).status).toBe(200);
});

it('no request is echoed', async () => {
  for (const method of ['TRACE', 'CONNECT', 'TRACK']) {
    const client = await open();
    client.write(`${method} /health/live HTTP/1.1\r\nHost: x\r\nCookie: signalbox=mine\r\nConnection: close\r\n\r\n`);
    const answer = await untilClosed(client);
    expect(answer).not.toMatch(/^HTTP\/1\.1 2|signalbox=mine/);
  }
});

it('an address that calls too often has to wait', async () => {
  const statuses = new Set<number>();
  for (let call = 0; call < 210; call++) {
    statuses.add((await signalbox.api('GET', '/api/v1/machine', undefined, from('192.0.2.3'))).status);
  }
  expect([...statuses]).toEqual([200, 429]);
  // Probes and webhooks are not held up by it.
  expect((await signalbox.api('GET', '/health/live', undefined, from('192.0.2.3'))).status).toBe(200);
});

/** Connections that were closed are gone for the server a moment later. */
async function untilServed(): Promise<void> {
  for (;;) {
    const answer = await signalbox.api('GET', '/health/live').catch(() => null);
    if (answer?.status === 200) return;
  }
}
