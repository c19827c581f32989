import { psid, type AppId, type Psid } from '../../src/domain/ids.js';
import type { Channel } from '../../src/domain/page.js';
import { renderBody } from '../../src/domain/render.js';
import { callGraph, type GraphAnswer } from '../support/graph-client.js';
import { newPerson, openShop, secretOf, type Shop } from '../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { ad, day, desk, marketing, shop, shopInstagram, takeover } from '../support/thread-fixtures.js';

let signalbox: TestSignalbox;
let world: Shop;

beforeAll(async () => {
  signalbox = await startSignalbox({ BODY_MAX_BYTES: String(40 * 1024 * 1024) });
  world = await openShop(signalbox);
});
afterAll(() => signalbox?.stop());

const token = (app: AppId) => world.tokens.get(app) ?? '';
const peoplePath = (person: string) => `/api/v1/simulator/pages/${shop}/people/${person}`;

async function customer(channel: Channel = 'messenger'): Promise<Psid> {
  const person = newPerson();
  await world.person(channel, person);
  return person;
}

async function seen(person: Psid): Promise<any[]> {
  return (await signalbox.api('GET', `${peoplePath(person)}/messages`)).body.data;
}

/** What the person does, and what each app is told of it, by app. */
async function told(person: Psid, action: object): Promise<Record<string, any>> {
  const answer = await signalbox.api('POST', `${peoplePath(person)}/actions`, action);
  expect(answer).toMatchObject({ status: 200 });
  const rows = await signalbox.core.log.rowsOfThread({ pageId: shop, psid: person }, 0, 500);
  const row = rows.at(-1);
  if (row === undefined) throw new Error('the log is empty');
  return Object.fromEntries(
    row.notices.map((notice) => {
      const [entry] = JSON.parse(renderBody(row, notice)).entry;
      return [notice.appId, (entry.messaging ?? entry.standby)[0].postback];
    }),
  );
}

function expectError(answer: GraphAnswer, code: number, subcode?: number, message?: string) {
  expect([answer.status, answer.body.error?.code, answer.body.error?.error_subcode]).toEqual([400, code, subcode]);
  if (message !== undefined) expect(answer.body.error.message).toContain(message);
}

describe('messenger_profile', () => {
  const path = '/me/messenger_profile';
  const profileOf = (app: AppId, fields: string) => world.as(app).get(`${path}?fields=${fields}`);
  const shown = async (person: string, query = '') =>
    (await signalbox.api('GET', `${peoplePath(person)}/profile${query}`)).body;

  afterEach(async () => {
    await signalbox.core.dataSource.query('delete from messenger_profile');
  });

  const greeting = [
    { locale: 'default', text: 'Hello!' },
    { locale: 'fi_FI', text: 'Hei!' },
  ];
  const get_started = { payload: 'BEGIN' };
  const ice_breakers = [
    { question: 'Where are you?', payload: 'WHERE' },
    { question: 'Are you open?', payload: 'OPEN' },
  ];
  const persistent_menu = [
    {
      locale: 'default',
      composer_input_disabled: false,
      call_to_actions: [
        { type: 'postback', title: 'My orders', payload: 'ORDERS' },
        { type: 'web_url', title: 'Shop', url: 'https://shop.example/', webview_height_ratio: 'full' },
        {
          type: 'nested',
          title: 'Help',
          call_to_actions: [{ type: 'postback', title: 'Returns', payload: 'RETURNS' }],
        },
      ],
    },
  ];

  it('is set, got and deleted property by property, and is each app’s own', async () => {
    expect((await profileOf(desk, 'greeting,get_started')).body).toEqual({ data: [] });
    const whitelisted_domains = ['https://shop.example/'];
    const set = await world.as(desk).post(path, { greeting, get_started, ice_breakers, persistent_menu });
    expect(set.text).toBe('{"result":"success"}');
    expect((await world.as(desk).post(path, { whitelisted_domains })).body).toEqual({ result: 'success' });
    expect((await profileOf(desk, 'greeting,persistent_menu')).body).toEqual({ data: [{ greeting, persistent_menu }] });
    expect((await world.as(desk).get(path)).body).toEqual({
      data: [{ greeting, get_started, ice_breakers, persistent_menu, whitelisted_domains }],
    });
    expect((await profileOf(marketing, 'greeting')).body).toEqual({ data: [] });

    const deleted = await callGraph(`${signalbox.url}/v6.0${path}?access_token=${token(desk)}`, {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fields: ['persistent_menu', 'greeting'] }),
    });
    expect(deleted.body).toEqual({ result: 'success' });
    expect((await profileOf(desk, 'greeting,get_started,persistent_menu')).body).toEqual({ data: [{ get_started }] });
    expect((await world.as(desk).delete(`${path}?fields=get_started`)).body).toEqual({ result: 'success' });
    expect((await profileOf(desk, 'get_started')).body).toEqual({ data: [] });
  });

  it('comes in forms as well', async () => {
    const answer = await callGraph(`${signalbox.url}/v12.0${path}`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: token(desk), get_started: "{payload:'BEGIN'}" }),
    });
    expect(answer.body).toEqual({ result: 'success' });
    expect((await profileOf(desk, 'get_started')).body).toEqual({ data: [{ get_started }] });
  });

  it('is seen by the person, whose taps are postbacks with their payload for the app that set them', async () => {
    await world.as(desk).post(path, { greeting, get_started, ice_breakers, persistent_menu });
    const person = newPerson();
    expect(await shown(person)).toEqual({
      channel: 'messenger',
      greeting: { app_id: desk, text: 'Hello!' },
      get_started: { app_id: desk, payload: 'BEGIN' },
      ice_breakers: [
        { app_id: desk, title: 'Where are you?', payload: 'WHERE' },
        { app_id: desk, title: 'Are you open?', payload: 'OPEN' },
      ],
      persistent_menu: [
        { app_id: desk, title: 'My orders', payload: 'ORDERS' },
        { app_id: desk, title: 'Returns', payload: 'RETURNS' },
      ],
    });
    const started = await told(person, { type: 'get_started' });
    expect(started[desk]).toMatchObject({ title: 'Get Started', payload: 'BEGIN' });
    expect(started[marketing]).toMatchObject({ title: 'Get Started' });
    expect(started[marketing]).not.toHaveProperty('payload');

    // Another app owns the conversation now: the buttons are still the desk's.
    await world.person('messenger', person, { referral: { adId: ad, ref: 'spring' } });
    const breaker = await told(person, { type: 'tap_button', title: 'Where are you?' });
    expect(breaker[desk]).toMatchObject({ title: 'Where are you?', payload: 'WHERE' });
    expect(breaker[marketing]).not.toHaveProperty('payload');
    const menu = await told(person, { type: 'tap_button', payload: 'RETURNS' });
    expect(menu[desk]).toMatchObject({ title: 'Returns', payload: 'RETURNS' });
    expect(menu[marketing]).not.toHaveProperty('payload');
  });

  it('of several apps, the person sees the owner’s, else the default app’s, else the latest', async () => {
    await world.as(desk).post(path, { get_started: { payload: 'DESK' } });
    await world.as(marketing).post(path, { get_started: { payload: 'MARKETING' }, ice_breakers });
    await world.as(takeover).post(path, { ice_breakers: [{ question: 'Really?', payload: 'REALLY' }] });
    const newcomer = newPerson();
    expect(await shown(newcomer)).toMatchObject({
      get_started: { app_id: desk, payload: 'DESK' },
      ice_breakers: [{ app_id: takeover, title: 'Really?' }],
    });
    await world.person('messenger', newcomer, { referral: { adId: ad, ref: 'spring' } });
    expect(await shown(newcomer)).toMatchObject({
      get_started: { app_id: marketing },
      ice_breakers: [{ app_id: marketing }, { app_id: marketing }],
    });
  });

  it('on Instagram is another one, without greeting and Get Started', async () => {
    const localised = [{ locale: 'default', call_to_actions: ice_breakers }];
    const set = await world.as(desk).post(`${path}?platform=instagram`, { ice_breakers: localised, persistent_menu });
    expect(set.body).toEqual({ result: 'success' });
    expect((await profileOf(desk, 'ice_breakers')).body).toEqual({ data: [] });
    expect((await profileOf(desk, 'ice_breakers&platform=instagram')).body).toEqual({
      data: [{ ice_breakers: localised }],
    });
    expect((await world.as(desk).get(`/${shopInstagram}/messenger_profile?fields=ice_breakers`)).body).toEqual({
      data: [{ ice_breakers: localised }],
    });
    const person = newPerson();
    expect(await shown(person, '?channel=instagram')).toMatchObject({
      greeting: null,
      get_started: null,
      ice_breakers: [{ title: 'Where are you?' }, { title: 'Are you open?' }],
    });
    const tapped = await told(person, { channel: 'instagram', type: 'tap_button', title: 'Are you open?' });
    expect(tapped[desk]).toMatchObject({ payload: 'OPEN' });
    expectError(await world.as(desk).post(`${path}?platform=instagram`, { greeting }), 100, undefined, 'greeting');
  });

  it('needs a Get Started button for its menu, before and after', async () => {
    const message = 'You must set a Get Started button if you also wish to use persistent menu';
    expectError(await world.as(desk).post(path, { persistent_menu }), 100, undefined, message);
    expect((await profileOf(desk, 'persistent_menu')).body).toEqual({ data: [] });
    await world.as(desk).post(path, { get_started, persistent_menu });
    expectError(await world.as(desk).delete(`${path}?fields=get_started`), 100, undefined, message);
    expect((await world.as(desk).delete(`${path}?fields=get_started,persistent_menu`)).status).toBe(200);
  });

  it.each<[string, object, string]>([
    ['nothing', {}, 'Requires one of the params: greeting, get_started'],
    ['a greeting without a default', { greeting: [{ locale: 'fi_FI', text: 'Hei' }] }, 'locale default'],
    ['a long greeting', { greeting: [{ locale: 'default', text: 'x'.repeat(161) }] }, 'less than or equal to 160'],
    ['no payload', { get_started: {} }, 'The parameter get_started[payload] is required'],
    ['too many ice breakers', { ice_breakers: Array(5).fill(ice_breakers[0]) }, 'no more than 4'],
    ['a menu item of no kind', menuWith({ type: 'phone', title: 'x' }), 'must be one of {web_url, postback, nested}'],
    ['a menu item without payload', menuWith({ type: 'postback', title: 'x' }), 'call_to_actions][0][payload]'],
    ['a domain that is none', { whitelisted_domains: ['shop.example'] }, 'must be a valid URL'],
  ])('is refused with %s', async (_, profile, message) => {
    expectError(await world.as(desk).post(path, profile), 100, undefined, message);
  });

  it('needs to be told what to delete, and knows its properties', async () => {
    expectError(await world.as(desk).delete(path), 100, undefined, 'The parameter fields is required');
    expectError(await profileOf(desk, 'colour'), 100, undefined, 'must be one of {greeting');
  });

  function menuWith(item: object): object {
    return { get_started, persistent_menu: [{ locale: 'default', call_to_actions: [item] }] };
  }
});

describe('personas', () => {
  const alice = { name: 'Alice', profile_picture_url: 'https://cdn.example/alice.png' };

  it('are created, read, listed page by page and deleted by the app that has them', async () => {
    const client = world.as(marketing);
    const { body: created } = await client.post('/me/personas', alice);
    expect(created).toEqual({ id: expect.stringMatching(/^\d{16}$/) });
    expect((await client.get(`/${created.id}`)).body).toEqual({ ...alice, id: created.id });
    expect((await client.get(`/${created.id}?fields=name`)).body).toEqual({ name: 'Alice', id: created.id });
    expectError(await world.as(desk).get(`/${created.id}`), 100, 33);

    await client.post('/me/personas', { ...alice, name: 'Bob' });
    const all: string[] = [];
    for (let after = ''; ;) {
      const { body } = await client.get(`/me/personas?limit=1&after=${after}`);
      if (body.paging === undefined) {
        expect(body).toEqual({ data: [] });
        break;
      }
      all.push(...body.data.map(({ name }: any) => name));
      after = body.paging.cursors.after;
    }
    expect(all.sort()).toEqual(['Alice', 'Bob']);

    expectError(await world.as(desk).delete(`/${created.id}`), 100, 33);
    expect((await client.delete(`/${created.id}`)).body).toEqual({ success: true });
    expectError(await client.get(`/${created.id}`), 100, 33);
    expectError(await client.delete(`/${created.id}`), 100, 33);
  });

  it('write to people', async () => {
    const person = await customer();
    const { body } = await world.as(desk).post('/me/personas', alice);
    const send = (persona_id: unknown) =>
      world.as(desk).post('/me/messages', { recipient: { id: person }, message: { text: 'hi' }, persona_id });
    expect((await send(body.id)).status).toBe(200);
    expect((await seen(person)).at(-1)).toMatchObject({ text: 'hi', persona_id: body.id });
    expectError(await send('123'), 100, undefined, 'persona_id');
    const { body: other } = await world.as(marketing).post('/me/personas', alice);
    expectError(await send(other.id), 100, undefined, 'persona_id');
  });

  it.each<[object, string]>([
    [{ profile_picture_url: alice.profile_picture_url }, 'The parameter name is required'],
    [{ name: 'Alice' }, 'The parameter profile_picture_url is required'],
    [{ ...alice, name: 'x'.repeat(51) }, 'less than or equal to 50'],
    [{ ...alice, profile_picture_url: 'alice.png' }, 'must be a valid URL'],
  ])('are refused as %j', async (persona, message) => {
    expectError(await world.as(desk).post('/me/personas', persona), 100, undefined, message);
  });
});

describe('attachments', () => {
  const url = 'https://cdn.example/shoe.png';
  const png = Buffer.from('89504e470d0a1a0a00ff', 'hex');
  const ofType = (type: string, payload: object) => ({ attachment: { type, payload } });
  const uploadAddress = (payload: object, type = 'image', app = desk) =>
    world.as(app).post('/me/message_attachments', { message: ofType(type, payload) });
  const upload = (edge: string, fields: Record<string, unknown>, content: Buffer, type: string) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, JSON.stringify(value));
    body.append('filedata', new Blob([new Uint8Array(content)], { type }), 'file.bin');
    return callGraph(`${signalbox.url}/v12.0/me/${edge}?access_token=${token(desk)}`, { method: 'POST', body });
  };
  const send = (person: string, message: object, app = desk) =>
    world.as(app).post('/me/messages', { recipient: { id: person }, message });
  const lastAttachment = async (person: Psid) => (await seen(person)).at(-1).attachments[0];

  it('are kept by address and sent by id, by any app of the page', async () => {
    const person = await customer();
    const { body } = await uploadAddress({ url, is_reusable: true }, 'image', marketing);
    expect(body).toEqual({ attachment_id: expect.stringMatching(/^\d{16}$/) });
    const sent = await send(person, ofType('image', { attachment_id: body.attachment_id }));
    expect(Object.keys(sent.body)).toEqual(['recipient_id', 'message_id']);
    expect(await lastAttachment(person)).toEqual({ type: 'image', payload: { url } });
  });

  it('are kept by a send that says so', async () => {
    const person = await customer();
    const first = await send(person, ofType('video', { url, is_reusable: true }));
    expect(Object.keys(first.body)).toEqual(['recipient_id', 'message_id', 'attachment_id']);
    const again = await send(person, ofType('video', { attachment_id: first.body.attachment_id }));
    expect(again.status).toBe(200);
    expect(await lastAttachment(person)).toEqual({ type: 'video', payload: { url } });
    expect((await send(person, ofType('video', { url, is_reusable: false }))).body).not.toHaveProperty('attachment_id');
  });

  it('are uploaded as files, before a send or with it, and can be fetched by who was sent them', async () => {
    const person = await customer();
    const message = ofType('image', { is_reusable: true });
    const kept = await upload('message_attachments', { message }, png, 'image/png');
    expect(kept.body).toEqual({ attachment_id: expect.stringMatching(/^\d+$/) });
    await send(person, ofType('image', { attachment_id: kept.body.attachment_id }));
    const address = (await lastAttachment(person)).payload.url;
    expect(address.startsWith(`${signalbox.url}/media/`)).toBe(true);
    const file = await fetch(address);
    expect(file.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await file.arrayBuffer()).equals(png)).toBe(true);

    const recipient = { id: person };
    const together = await upload('messages', { recipient, message }, Buffer.from('<b>page</b>'), 'image/svg+xml');
    expect(Object.keys(together.body)).toEqual(['recipient_id', 'message_id', 'attachment_id']);
    const second = await fetch((await lastAttachment(person)).payload.url);
    expect(second.headers.get('content-type')).toBe('application/octet-stream'); // nothing that a browser would run
    expect(second.headers.get('content-disposition')).toBe('attachment');
    expect((await fetch(`${signalbox.url}/media/guess`)).status).toBe(404);

    const once = await upload('messages', { recipient, message: ofType('image', {}) }, png, 'image/png');
    expect(Object.keys(once.body)).toEqual(['recipient_id', 'message_id']);
  });

  it('of a send that is refused are forgotten', async () => {
    const count = async () =>
      (await signalbox.core.dataSource.query('select count(*)::int as count from attachment'))[0].count;
    const person = await customer();
    const before = await count();
    expectError(await send(person, ofType('image', { url, is_reusable: true }), marketing), 10, 2018300);
    expect(await count()).toBe(before);
  });

  it('end after 90 days', async () => {
    const { body } = await uploadAddress({ url });
    await signalbox.core.dataSource.query('update attachment set created_at = $2 where attachment_id = $1', [
      body.attachment_id,
      new Date(signalbox.core.clock.now() - 90 * day),
    ]);
    const person = await customer();
    expectError(await send(person, ofType('image', { attachment_id: body.attachment_id })), 100, 2018074);
  });

  it('are bounded: the oldest of the page go first', async () => {
    const { body: oldest } = await uploadAddress({ url });
    await signalbox.core.dataSource.query('update attachment set bytes = $2 where attachment_id = $1', [
      oldest.attachment_id,
      256 * 1024 * 1024,
    ]);
    const { body: newest } = await uploadAddress({ url });
    const person = await customer();
    expectError(await send(person, ofType('image', { attachment_id: oldest.attachment_id })), 100, 2018074);
    expect((await send(person, ofType('image', { attachment_id: newest.attachment_id }))).status).toBe(200);
  });

  it('are refused if they are too large, of another kind, or not there', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024 + 1);
    expectError(
      await upload('message_attachments', { message: ofType('image', {}) }, large, 'image/png'),
      100,
      2018109,
    );
    expectError(await upload('message_attachments', { message: ofType('audio', {}) }, png, 'image/png'), 100, 2018047);
    expect((await upload('message_attachments', { message: ofType('file', {}) }, png, 'image/png')).status).toBe(200);
    const { body } = await uploadAddress({ url });
    const person = await customer();
    expectError(await send(person, ofType('video', { attachment_id: body.attachment_id })), 100, 2018047);
    expectError(await uploadAddress({}), 100, undefined, 'message[attachment][payload][url]');
    expectError(await uploadAddress({ url }, 'template'), 100);
    expectError(await world.as(desk).post('/me/message_attachments', { message: { text: 'x' } }), 100);
  });
});

describe('conversations', () => {
  const fields =
    'participants,messages{id,message,from,to,created_time},is_owner,updated_time,message_count,unread_count';

  it('are listed newest first, page by page, each channel for itself', async () => {
    const people = [await customer(), await customer(), await customer()];
    const onInstagram = await customer('instagram');
    const listed: string[] = [];
    for (let after = ''; listed.length < people.length;) {
      const { body } = await world.as(desk).get(`/me/conversations?limit=2&after=${after}`);
      for (const { id, updated_time } of body.data) {
        listed.push(id);
        expect(updated_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
      }
      after = body.paging.cursors.after;
    }
    expect(listed.slice(0, 3)).toEqual(people.toReversed().map((person) => `t_${person}`));
    const { body } = await world.as(desk).get('/me/conversations?platform=instagram&fields=participants');
    expect(body.data[0]).toEqual({
      participants: {
        data: [
          { username: `person.${onInstagram}`, id: onInstagram },
          { username: 'Shop', id: shopInstagram },
        ],
      },
      id: expect.stringMatching(/^aWdf/),
    });
  });

  it('of one person have their messages, and say who owns them', async () => {
    const person = await customer();
    const sent = await world
      .as(desk)
      .post('/me/messages', { recipient: { id: person }, message: { text: 'Hi there' } });
    await told(person, { type: 'message', text: 'Thanks' });
    const get = async (app: AppId) =>
      (await world.as(app).get(`/me/conversations?user_id=${person}&fields=${fields}`)).body;
    const [conversation] = (await get(desk)).data;
    const me = { name: `Person ${person.slice(-4)}`, email: `${person}@facebook.com`, id: person };
    const page = { name: 'Shop', email: `${shop}@facebook.com`, id: shop };
    const time = expect.stringMatching(/\+0000$/);
    expect(conversation).toEqual({
      participants: { data: [me, page] },
      messages: {
        data: [
          { id: expect.any(String), message: 'Thanks', from: me, to: { data: [page] }, created_time: time },
          { id: sent.body.message_id, message: 'Hi there', from: page, to: { data: [me] }, created_time: time },
          { id: expect.any(String), message: 'hello', from: me, to: { data: [page] }, created_time: time },
        ],
        paging: { cursors: { before: expect.any(String), after: expect.any(String) } },
      },
      is_owner: true,
      updated_time: time,
      message_count: 3,
      unread_count: 1,
      id: `t_${person}`,
    });
    expect((await get(marketing)).data[0].is_owner).toBe(false);

    const client = world.as(desk);
    expect((await client.get(`/t_${person}?fields=snippet,can_reply`)).body).toEqual({
      snippet: 'Thanks',
      can_reply: true,
      id: `t_${person}`,
    });
    const { body: messages } = await client.get(`/t_${person}/messages?limit=2`);
    expect(messages.data).toHaveLength(2);
    const rest = await client.get(`/t_${person}/messages?fields=message&after=${messages.paging.cursors.after}`);
    expect(rest.body.data).toMatchObject([{ message: 'hello' }]);
    expect((await client.get(`/${sent.body.message_id}?fields=message,from`)).body).toEqual({
      message: 'Hi there',
      from: page,
      id: sent.body.message_id,
    });
    expect(
      (await client.get(`/me/conversations?user_id=${person}&fields=messages.limit(1){message}`)).body.data,
    ).toMatchObject([{ messages: { data: [{ message: 'Thanks' }] } }]);
    expect((await client.get('/me/conversations?user_id=999')).body).toEqual({ data: [] });
  });

  it('have details of their 20 newest messages', async () => {
    const person = await customer();
    for (let count = 0; count < 20; count++) await world.person('messenger', person);
    const { body } = await world.as(desk).get(`/t_${person}/messages?fields=message&limit=50`);
    expect(body.data).toHaveLength(21);
    expect(body.data[19]).toHaveProperty('message');
    expect(body.data[20]).toEqual({ id: expect.any(String) });
  });

  it('on Instagram have ids that lead to them and to their messages', async () => {
    const person = await customer('instagram');
    const sent = await world.as(desk).post('/me/messages', { recipient: { id: person }, message: { text: 'Ciao' } });
    const { body } = await world.as(desk).get(`/me/conversations?platform=instagram&user_id=${person}`);
    const [{ id }] = body.data;
    expect((await world.as(desk).get(`/${id}?fields=is_owner`)).body).toEqual({ is_owner: true, id });
    expect((await world.as(desk).get(`/${sent.body.message_id}?fields=message`)).body).toMatchObject({
      message: 'Ciao',
    });
  });

  it.each([
    ['/t_999', 33],
    ['/t_999/messages', 33],
    ['/m_nothing', 33],
    ['/me/conversations?fields=colour', undefined],
    ['/me/conversations?limit=0', undefined],
    ['/me/conversations?after=!', undefined],
    ['/me/conversations?platform=telegraph', undefined],
  ])('are refused at %s', async (path, subcode) => {
    await customer();
    expectError(await world.as(desk).get(path), 100, subcode);
  });
});

describe('custom labels', () => {
  it('are made, put on people, found and deleted', async () => {
    const person = await customer();
    const client = world.as(desk);
    const { body: created } = await client.post('/me/custom_labels', { page_label_name: 'vip' });
    expect(created).toEqual({ id: expect.stringMatching(/^\d{16}$/) });
    expectError(await client.post('/me/custom_labels', { name: 'vip' }), 100, undefined, 'already has a label vip');
    const { body: other } = await client.post('/me/custom_labels', { name: 'late' });

    expect((await client.post(`/${created.id}/label`, { user: person })).body).toEqual({ success: true });
    expect((await client.post(`/${created.id}/label`, { user: person })).body).toEqual({ success: true });
    expect((await world.as(marketing).get(`/${person}/custom_labels?fields=name`)).body.data).toEqual([
      { name: 'vip', id: created.id },
    ]);
    expect((await client.get(`/${created.id}?fields=page_label_name`)).body).toEqual({
      page_label_name: 'vip',
      id: created.id,
    });
    const names = (await client.get('/me/custom_labels?fields=name')).body.data.map(({ name }: any) => name);
    expect(names.sort()).toEqual(['late', 'vip']);

    const removal = await callGraph(`${signalbox.url}/v6.0/${created.id}/label?access_token=${token(desk)}`, {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: person }),
    });
    expect(removal.body).toEqual({ success: true });
    expect((await client.get(`/${person}/custom_labels`)).body).toEqual({ data: [] });
    for (const id of [created.id, other.id]) expect((await client.delete(`/${id}`)).body).toEqual({ success: true });
    expect((await client.get('/me/custom_labels')).body).toEqual({ data: [] });
    expectError(await client.get(`/${created.id}`), 100, 33);
  });

  it('are refused without a name, and for nobody', async () => {
    const client = world.as(desk);
    expectError(await client.post('/me/custom_labels'), 100, undefined, 'page_label_name is required');
    const { body } = await client.post('/me/custom_labels', { name: 'x' });
    expectError(await client.post(`/${body.id}/label`), 100, undefined, 'user is required');
    expectError(await client.post(`/${body.id}/label`, { user: 'x' }), 100);
    expectError(await client.post(`/${body.id}/label`, { user: '999' }), 100, 2018001);
    expectError(await client.get('/999/custom_labels'), 100, 2018001);
    await client.delete(`/${body.id}`);
  });

  it('are forgotten with the person', async () => {
    const person = await customer();
    const { body } = await world.as(desk).post('/me/custom_labels', { name: 'y' });
    await world.as(desk).post(`/${body.id}/label`, { user: person });
    expect((await signalbox.api('DELETE', `/api/v1/pages/${shop}/people/${person}`)).status).toBe(204);
    await world.person('messenger', psid(person));
    expect((await world.as(desk).get(`/${person}/custom_labels`)).body).toEqual({ data: [] });
  });
});

describe('me/accounts', () => {
  it('lists the page of a page token, with that token, and the pages of an app', async () => {
    const account = { category: 'Business', name: 'Shop', id: shop, tasks: ['MANAGE', 'MESSAGING', 'MODERATE'] };
    expect((await world.as(desk).get('/me/accounts')).body).toEqual({
      data: [{ access_token: token(desk), ...account }],
    });
    expect((await world.as(desk).get('/me?fields=access_token')).body).toEqual({ access_token: token(desk), id: shop });
    const asApp = encodeURIComponent(`${desk}|${secretOf(desk)}`);
    expect((await callGraph(`${signalbox.url}/v12.0/me/accounts?access_token=${asApp}`)).body).toEqual({
      data: [account],
    });
  });
});

it('me with an app token is the app', async () => {
  const asApp = encodeURIComponent(`${desk}|${secretOf(desk)}`);
  for (const path of ['/me', `/${desk}`]) {
    const { body } = await callGraph(`${signalbox.url}/v12.0${path}?fields=id,name&access_token=${asApp}`);
    expect(body).toEqual({ name: `app ${desk}`, id: desk });
  }
});
