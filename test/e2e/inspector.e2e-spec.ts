import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import pg from 'pg';
import { WebSocket } from 'ws';
import { createMachine } from 'xstate';
import { threadStates } from '../../src/domain/thread/thread.js';
import { InspectionReader } from '../support/inspection-reader.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';

const shop = '104700000000001';
const otherShop = '104700000000002';

describe('the XState inspector', () => {
  let signalbox: TestSignalbox;
  let stage: Stage;
  let page: StagePage;
  let support: Bot;
  let marketing: Bot;
  let people = 0;
  const sockets: WebSocket[] = [];

  beforeAll(async () => {
    signalbox = await startSignalbox();
    stage = new Stage({ url: signalbox.url, adminToken });
    support = await stage.addBot('2200000000000022');
    marketing = await stage.addBot('2100000000000011');
    page = await stage.addPage(shop, [[support], [marketing]], { messenger: { defaultApp: support } });
    await stage.addPage(otherShop, [[support]], { messenger: { defaultApp: support } });
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));
  afterAll(async () => {
    await signalbox.stop();
    await stage.close();
  });

  const newPerson = () => String(7_000_000_000_002_000 + ++people);
  const writes = (psid: string, text = 'hello', at = signalbox, pageId = shop) =>
    at.api('POST', `/api/v1/simulator/pages/${pageId}/people/${psid}/actions`, { type: 'message', text });
  const ticketFor = async (scope: object = {}, at = signalbox, headers: Record<string, string> = {}) => {
    const { status, body } = await at.api('POST', '/api/v1/inspector/tickets', scope, headers);
    expect(status).toBe(201);
    return body as { ticket: string; expires_at: string; url: string; stately_url: string };
  };
  /** The status and the problem an upgrade is answered with; 101: it was let in. */
  const upgrade = async (url: string, headers: Record<string, string> = {}) => {
    const socket = new WebSocket(url, { headers });
    sockets.push(socket);
    return new Promise<{ status: number; body: any; socket: WebSocket }>((resolve, reject) => {
      socket.on('open', () => resolve({ status: 101, body: null, socket }));
      socket.on('error', reject);
      socket.on('unexpected-response', (_, response) => {
        void response.toArray().then((chunks) => {
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString()),
            socket,
          });
        });
      });
    });
  };
  const closeCode = async (socket: WebSocket) => ((await once(socket, 'close')) as [number])[0];

  it('tells a thread to the receiver of its makers: the log first, then what happens', async () => {
    const psid = newPerson();
    await writes(psid, 'a secret');
    const { url } = await ticketFor({ page_id: shop, psid });
    const reader = new InspectionReader(url);
    const sessionId = `${shop}/${psid}`;
    await reader.waitFor(({ type }) => type === '@xstate.snapshot');
    expect(reader.messages.map(({ type }) => type)).toEqual(['@xstate.actor', '@xstate.event', '@xstate.snapshot']);
    const [actor, event, snapshot] = reader.messages;
    expect(actor).toMatchObject({
      name: sessionId,
      sessionId,
      rootId: sessionId,
      createdAt: expect.stringMatching(/^\d+$/),
      snapshot: { status: 'active', value: 'released', context: { ownerAppId: null } },
    });
    expect(event).toMatchObject({
      sessionId,
      event: { type: 'user.message', defaultAppId: support.id, facts: { defaultAppSet: true, hasAssignee: false } },
    });
    expect(snapshot).toMatchObject({
      sessionId,
      event: { type: 'user.message', refusal: null },
      snapshot: { status: 'active', value: 'default-owned', context: { ownerAppId: support.id } },
    });

    await marketing.on(page).post('/me/messages', { recipient: { id: psid }, message: { text: 'another secret' } });
    const refused = await reader.waitFor(({ type, event }) => type === '@xstate.snapshot' && event.refusal !== null);
    expect(refused).toMatchObject({
      event: { type: 'app.send', callerAppId: marketing.id, refusal: 'thread_not_owned' },
      snapshot: { value: 'default-owned' },
    });
    await stage.ask('POST', `/api/v1/threads/${shop}/${psid}/control`, { action: 'pass', app_id: marketing.id });
    await reader.waitFor(({ type, snapshot }) => type === '@xstate.snapshot' && snapshot.value === 'passed');
    expect(reader.messages.filter(({ type }) => type === '@xstate.actor')).toHaveLength(1);
    expect(JSON.stringify(reader.messages)).not.toContain('secret');
  });

  it('draws the machine itself', async () => {
    const psid = newPerson();
    await writes(psid);
    const reader = new InspectionReader((await ticketFor({ page_id: shop, psid })).url);
    const { definition } = await reader.waitFor(({ type }) => type === '@xstate.actor');
    const machine = createMachine(JSON.parse(definition));
    expect(Object.keys(machine.states).sort()).toEqual([...threadStates].sort());
    expect(machine.root.initial.target?.map(({ key }) => key)).toEqual(['released']);
    const targets = machine.states['default-owned']?.transitions
      .get('operator.pass')
      ?.map(({ target }) => target?.[0]?.key);
    expect(targets).toContain('passed');
  });

  it('replays a release by silence as the event the machine knows', async () => {
    const psid = newPerson();
    await writes(psid);
    await stage.advance('25h');
    const reader = new InspectionReader((await ticketFor({ page_id: shop, psid })).url);
    const released = await reader.waitFor(
      ({ type, snapshot }) => type === '@xstate.snapshot' && snapshot.value === 'released',
    );
    expect(released.event.type).toBe('xstate.after.controlWindow.thread.default-owned');
  });

  it('can be of a page or of everything', async () => {
    const [here, there] = [newPerson(), newPerson()];
    await writes(here);
    await writes(there, 'hello', signalbox, otherShop);
    const ofPage = new InspectionReader((await ticketFor({ page_id: otherShop })).url);
    const ofAll = new InspectionReader((await ticketFor()).url);
    const about = (psid: string) => (message: any) => message.sessionId.endsWith(`/${psid}`);
    await ofPage.waitFor(about(there));
    await ofAll.waitFor(about(there));
    await ofAll.waitFor(about(here));
    const later = newPerson();
    await writes(later);
    await writes(later, 'hello', signalbox, otherShop);
    await ofPage.waitFor(about(later));
    await ofAll.waitFor(about(later));
    expect(ofPage.messages.every(({ sessionId }) => sessionId.startsWith(`${otherShop}/`))).toBe(true);
  });

  it('takes a ticket once', async () => {
    const { url } = await ticketFor();
    expect((await upgrade(url)).status).toBe(101);
    expect(await upgrade(url)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  });

  it('takes no ticket that is too old, made up or missing', async () => {
    const psid = newPerson();
    await writes(psid);
    const { url, ticket } = await ticketFor({ page_id: shop, psid });
    const sql = new pg.Client({ connectionString: signalbox.database.url });
    await sql.connect();
    try {
      const { rows } = await sql.query('select json_agg(t)::text as everything from inspector_ticket t');
      expect(rows[0].everything).not.toContain(ticket);
      // It would outlive the person's erasure.
      expect(rows[0].everything).not.toContain(psid);
      await sql.query(`update inspector_ticket set expires_at = now() - interval '1 second'`);
    } finally {
      await sql.end();
    }
    const bare = url.replace(/\?.*/, '');
    for (const address of [url, bare, `${bare}?ticket=sbx_inspect_`, `${bare}?ticket=${adminToken}`]) {
      expect(await upgrade(address)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
  });

  it('shows nothing but what the ticket is for', async () => {
    const [one, other] = [newPerson(), newPerson()];
    await writes(one);
    await writes(other);
    const { url } = await ticketFor({ page_id: shop, psid: one });
    for (const address of [url.replace(one, other), url.replace(`/${one}`, '').replace('thread', 'page')]) {
      expect(await upgrade(address)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
    // The ticket was not used up by it.
    expect((await upgrade(url)).status).toBe(101);
    const erased = await ticketFor({ page_id: shop, psid: other });
    await stage.ask('DELETE', `/api/v1/pages/${shop}/people/${other}`);
    expect(await upgrade(erased.url)).toMatchObject({ status: 404, body: { code: 'thread_not_found' } });
    const malformed = await ticketFor();
    expect(await upgrade(`${malformed.url}&thread=nonsense`)).toMatchObject({ status: 400 });
    const unknown = await signalbox.api('POST', '/api/v1/inspector/tickets', { page_id: shop, psid: newPerson() });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'thread_not_found' } });
    const noPage = await signalbox.api('POST', '/api/v1/inspector/tickets', { page_id: '1' });
    expect(noPage).toMatchObject({ status: 404, body: { code: 'page_not_found' } });
  });

  it('lets in pages of its own and programs, and no other site', async () => {
    const { url } = await ticketFor();
    expect(await upgrade(url, { origin: 'https://evil.example' })).toMatchObject({
      status: 403,
      body: { code: 'cross_site' },
    });
    // The ticket was not used up by it.
    expect((await upgrade(url, { origin: signalbox.url })).status).toBe(101);
  });

  it('ends when the token that asked for the ticket is revoked, and so does a ticket', async () => {
    const made = await stage.ask('POST', '/api/v1/tokens', { name: 'wall screen', role: 'viewer' });
    const bearer = { authorization: `Bearer ${made.token}` };
    const { socket } = await upgrade((await ticketFor({}, signalbox, bearer)).url);
    const unused = await ticketFor({}, signalbox, bearer);
    await stage.ask('DELETE', `/api/v1/tokens/${made.token_id}`);
    expect(await closeCode(socket)).toBe(4401);
    expect(await upgrade(unused.url)).toMatchObject({ status: 401 });
  });

  it('ends when its session does', async () => {
    const { headers } = await signalbox.api('POST', '/api/v1/session', { token: adminToken });
    const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
    const session = { cookie, 'x-signalbox-console': '1' };
    const answer = await fetch(`${signalbox.url}/api/v1/inspector/tickets`, {
      method: 'POST',
      headers: { ...session, 'content-type': 'application/json' },
      body: '{}',
    });
    const { url }: any = await answer.json();
    const { socket } = await upgrade(url);
    await fetch(`${signalbox.url}/api/v1/session`, { method: 'DELETE', headers: session });
    expect(await closeCode(socket)).toBe(4401);
  });

  it('listens to nothing, and takes no large frame', async () => {
    const psid = newPerson();
    await writes(psid);
    const { socket } = await upgrade((await ticketFor({ page_id: shop, psid })).url);
    socket.send(JSON.stringify({ type: '@xstate.event', event: { type: 'operator.release' } }));
    await writes(psid);
    expect(await stage.ask('GET', `/api/v1/threads/${shop}/${psid}`)).toMatchObject({ state: 'default-owned' });
    socket.send('x'.repeat(64 * 1024 + 1));
    expect(await closeCode(socket)).toBe(1009);
  });

  it('drops a reader that never reads', async () => {
    const { url } = await ticketFor();
    const { hostname, port, pathname, search } = new URL(url);
    const socket: Socket = connect(Number(port), hostname);
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await once(socket, 'readable');
    let ended = false;
    const end = new Promise<void>((resolve) => {
      for (const name of ['close', 'error', 'end']) {
        socket.on(name, () => {
          ended = true;
          resolve();
        });
      }
    });
    // What the operating system keeps for it comes on top of the megabyte.
    const quick = new InspectionReader((await ticketFor()).url);
    for (let wave = 0; wave < 60 && !ended; wave++) {
      const last = newPerson();
      await Promise.all([...Array.from({ length: 20 }, newPerson), last].map((psid) => writes(psid)));
      await quick.waitFor(({ sessionId }) => sessionId === `${shop}/${last}`);
    }
    socket.resume();
    await end;
  });

  it('takes so many and no more', async () => {
    const small = await startSignalbox({ INSPECTOR_CONNECTIONS_MAX: '1' }, signalbox.database);
    try {
      const { socket } = await upgrade((await ticketFor({}, small)).url);
      const { url } = await ticketFor({}, small);
      expect(await upgrade(url)).toMatchObject({ status: 503, body: { code: 'busy' } });
      const closed = once(socket, 'close');
      socket.close();
      await closed;
      // The server hears of it in its own time.
      let status = 503;
      while (status === 503) status = (await upgrade(url)).status;
      expect(status).toBe(101);
    } finally {
      await small.stop();
    }
  });

  it('shows on one instance what another does, and takes its tickets; a server that stops says goodbye', async () => {
    const other = await startSignalbox({}, signalbox.database);
    const psid = newPerson();
    await writes(psid);
    const { url } = await ticketFor({ page_id: shop, psid });
    const there = url.replace(new URL(signalbox.url).host, new URL(other.url).host);
    const { socket, status } = await upgrade(there);
    expect(status).toBe(101);
    const messages: any[] = [];
    const told = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString());
        messages.push(message);
        if (message.type === '@xstate.snapshot' && message.snapshot.value === 'passed') resolve();
      });
    });
    await stage.ask('POST', `/api/v1/threads/${shop}/${psid}/control`, { action: 'pass', app_id: marketing.id });
    await told;
    expect(messages[0].type).toBe('@xstate.actor');
    const [code] = await Promise.all([closeCode(socket), other.stop()]);
    expect(code).toBe(1001);
  });

  it('answers clients that offer another protocol in HTTP', async () => {
    const { hostname, port } = new URL(signalbox.url);
    const socket = connect(Number(port), hostname);
    const body = '{"name":"By h2c"}';
    socket.write(
      `PUT /api/v1/apps/2300000000000099 HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${adminToken}\r\n` +
        'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n' +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = Buffer.concat(await socket.toArray()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
  });
});
