import { connect } from 'node:net';
import { once } from 'node:events';
import { startSignalbox } from '../support/signalbox.js';

it('stops although a client never ends its request', async () => {
  const signalbox = await startSignalbox();
  const { hostname, port } = new URL(signalbox.url);
  const client = connect(Number(port), hostname);
  await once(client, 'connect');
  client.write('POST /v12.0/me/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
  // An answer to a later request shows that the server has the first one in hand.
  await signalbox.api('GET', '/health/live');
  const closed = once(client, 'close');
  await signalbox.stop();
  await closed;
});
