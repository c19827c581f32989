import { EventReader, type ReadEvent } from '../support/event-reader.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';

const shop = '104700000000001';

describe('the live stream', () => {
  let signalbox: TestSignalbox;
  let stage: Stage;
  let page: StagePage;
  let support: Bot;
  let marketing: Bot;
  let people = 0;
  const readers: EventReader[] = [];

  beforeAll(async () => {
    signalbox = await startSignalbox();
    stage = new Stage({ url: signalbox.url, adminToken });
    support = await stage.addBot('2200000000000022');
    marketing = await stage.addBot('2100000000000011');
    page = await stage.addPage(shop, [[support], [marketing]], { messenger: { defaultApp: support } });
  });
  afterEach(() => readers.splice(0).forEach((reader) => reader.close()));
  afterAll(async () => {
    await signalbox.stop();
    await stage.close();
  });

  const open = async (query = '', headers: Record<string, string> = {}, at = signalbox.url) => {
    const url = `${at}/api/v1/live${query}`;
    const reader = await EventReader.open(url, { authorization: `Bearer ${adminToken}`, ...headers });
    readers.push(reader);
    return reader;
  };
  const newPerson = () => String(7_000_000_000_001_000 + ++people);
  const writes = async (psid: string, text = 'hello', at = signalbox) => {
    await at.api('POST', `/api/v1/simulator/pages/${shop}/people/${psid}/actions`, { type: 'message', text });
  };
  const logOf = (psid: string) => (event: ReadEvent) => event.event === 'log' && event.data.psid === psid;

  it('shows an event with its thread, and the try of each delivery', async () => {
    const reader = await open();
    const psid = newPerson();
    await writes(psid);
    const { data } = await reader.waitFor(logOf(psid));
    expect(data).toMatchObject({
      type: 'user.message',
      state_before: 'released',
      state: 'default-owned',
      owner_app_id_before: null,
      owner_app_id: support.id,
      refusal_text: null,
      thread: { psid, effective_owner_app_id: support.id, last_event_at: data.at },
    });
    const tried = await reader.waitFor(
      ({ event, data }) => event === 'delivery' && data.app_id === support.id && data.psid === psid,
    );
    expect(tried.data).toMatchObject({ event_id: data.id, outcome: 'acknowledged', status: 200, attempt: 1 });
    const delivery = await stage.ask('GET', `/api/v1/deliveries/${tried.data.delivery_id}`);
    expect(delivery).toMatchObject({ app_id: support.id, psid });
  });

  it('explains a refusal in words', async () => {
    const reader = await open();
    const psid = newPerson();
    await writes(psid);
    await marketing.on(page).post('/me/messages', { recipient: { id: psid }, message: { text: 'me too' } });
    const { data } = await reader.waitFor((event) => logOf(psid)(event) && event.data.outcome === 'refused');
    expect(data.refusal_text).toMatch(
      /^App 2100000000000011 could not write: App 2200000000000022 owns this thread since \d\d:\d\d UTC, until \d\d:\d\d UTC tomorrow\. It can pass control, or wait\.$/,
    );
  });

  it('goes on after the last event it got, without a gap and without a repetition of the log', async () => {
    const psid = newPerson();
    const first = await open();
    await writes(psid, 'one');
    const last = await first.waitFor(logOf(psid));
    first.close();
    await writes(psid, 'two');
    await writes(psid, 'three');
    const second = await open('', { 'last-event-id': last.id });
    await writes(psid, 'four');
    await second.until(() => second.events.filter(logOf(psid)).length >= 3);
    expect(second.events.filter(logOf(psid)).map(({ data }) => data.payload.message.text)).toEqual([
      'two',
      'three',
      'four',
    ]);
  });

  it('can be of one page, or of one person', async () => {
    const [one, other] = [newPerson(), newPerson()];
    const reader = await open(`?page_id=${shop}&psid=${one}`);
    await writes(other);
    await writes(one);
    await reader.waitFor(logOf(one));
    expect(reader.events.filter(({ event, data }) => event === 'log' && data.psid !== one)).toEqual([]);
    const wrong = await signalbox.api('GET', `/api/v1/live?psid=${one}`);
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('tells of the clock and of the configuration', async () => {
    const reader = await open();
    await stage.advance('1h');
    const { data } = await reader.waitFor(({ event }) => event === 'clock');
    expect(Date.parse(data.now)).toBeGreaterThan(Date.now());
    expect(reader.events.filter(({ event }) => event === 'configuration')).toEqual([]);
    await stage.ask('PUT', `/api/v1/pages/${shop}/routes/links/spring`, { app_id: marketing.id });
    await reader.waitFor(({ event }) => event === 'configuration');
  });

  it('shows what another instance does', async () => {
    const other = await startSignalbox({}, signalbox.database);
    try {
      const here = await open();
      const there = await open('', {}, other.url);
      const psid = newPerson();
      await writes(psid, 'over there', other);
      await here.waitFor(logOf(psid));
      const tried = ({ event, data }: ReadEvent) =>
        event === 'delivery' && data.psid === psid && data.app_id === support.id;
      await here.waitFor(tried);
      await there.waitFor(tried);
    } finally {
      await other.stop();
    }
  });

  it('hides what was said from a viewer, and ends when their token is revoked', async () => {
    const made = await stage.ask('POST', '/api/v1/tokens', { name: 'wall screen', role: 'viewer' });
    const reader = await open('', { authorization: `Bearer ${made.token}` });
    const psid = newPerson();
    await writes(psid, 'a secret');
    const { data } = await reader.waitFor(logOf(psid));
    expect(JSON.stringify(data)).not.toContain('a secret');
    await stage.ask('DELETE', `/api/v1/tokens/${made.token_id}`);
    await reader.until(() => reader.ended);
    expect(reader.ended).toBe(true);
  });

  it('refuses a cursor of another time, and what is none', async () => {
    const foreign = Buffer.concat([Buffer.from('otherone.'), Buffer.alloc(258)]).toString('base64url');
    expect(await signalbox.api('GET', `/api/v1/live?after=${foreign}`)).toMatchObject({
      status: 410,
      body: { code: 'cursor_expired' },
    });
    expect(await signalbox.api('GET', '/api/v1/live?after=nonsense')).toMatchObject({ status: 400 });
  });
});
