import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pageId, psid } from '../../src/domain/ids.js';
import { EventReader } from '../support/event-reader.js';
import { submit, userEvent } from '../support/instance.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

/*
 * Somebody who reads slowly, or sends slowly, is to cost nobody else anything. The inspector's readers and clients whose
 * requests never end are in the tests of the inspector and of the limits of HTTP.
 */
const page = pageId('104700000000001');
/** Together far more than what the operating system keeps for a connection, and what the server does. */
const events = 40;
const textLength = 400_000;

let signalbox: TestSignalbox;
const sockets: Socket[] = [];

beforeAll(async () => {
  signalbox = await startSignalbox();
  await signalbox.api('PUT', `/api/v1/pages/${page}`, { name: 'Shop' });
});
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
afterAll(() => signalbox?.stop());

/** Asks for something, and then takes nothing of the answer until it is told to. */
async function ask(path: string): Promise<Socket> {
  const { hostname, port } = new URL(signalbox.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${adminToken}\r\nAccept: text/event-stream\r\n\r\n`,
  );
  await once(socket, 'readable');
  return socket;
}

/** How much comes until the server closes the connection, or until this much has come. */
async function read(socket: Socket, enough: number): Promise<{ bytes: number; closed: boolean }> {
  let bytes = 0;
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes >= enough) resolve({ bytes, closed: false });
    });
    socket.on('close', () => resolve({ bytes, closed: true }));
    socket.resume();
  });
}

it('a reader of the live stream that takes nothing is let go, and nobody else misses anything', async () => {
  const slow = await ask('/api/v1/live');
  const quick = await EventReader.open(`${signalbox.url}/api/v1/live`, { authorization: `Bearer ${adminToken}` });
  try {
    const text = 'x'.repeat(textLength);
    const rows = () => quick.events.filter(({ event }) => event === 'log').length;
    for (let number = 0; number < events; number++) {
      const key = { pageId: page, psid: psid(String(7_000_000_000_003_000 + number)) };
      const payload = JSON.stringify({ sender: { id: key.psid }, message: { mid: `m-${number}`, text } });
      const event = userEvent('user.message', key, `m-${number}`, { payload });
      await signalbox.core.router.dispatch(submit(key, event));
      // Quick is who takes what comes, as it comes.
      await quick.until(() => rows() > number);
    }
    expect(rows()).toBe(events);
    const { bytes, closed } = await read(slow, events * textLength);
    expect({ closed, all: bytes >= events * textLength }).toEqual({ closed: true, all: false });
  } finally {
    quick.close();
  }
});
