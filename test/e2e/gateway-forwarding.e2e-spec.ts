import { GraphClient } from '../support/graph-client.js';
import { Gateway, pageId, pageToken } from '../support/gateway.js';
import { metaAppId, photo, type Platform, usage } from '../support/platform.js';
import type { Bot } from '../support/stage.js';

/* What only the platform can answer or knows, on its way through the gateway. */
let gateway: Gateway;
let platform: Platform;
let marketing: Bot;
let desk: Bot;
let agent: Bot;
let inbox: Bot;

beforeAll(async () => {
  gateway = await Gateway.open();
  ({ platform, marketing, desk, agent, inbox } = gateway);
});
afterAll(async () => {
  await gateway?.close();
});
beforeEach(() => {
  platform.faults.length = 0;
  platform.calls.length = 0;
});

const client = (bot: Bot) => new GraphClient(gateway.signalbox.url, bot.tokens.get(gateway.page.id) ?? '');
const send = (bot: Bot, person: string, message: object, more: object = {}) =>
  client(bot).post('/v12.0/me/messages', { recipient: { id: person }, message, ...more });

/** A send or an upload with a file, as clients make it. */
async function postFile(bot: Bot, path: string, fields: Record<string, string>): Promise<any> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('filedata', new Blob([new Uint8Array([1, 2, 3, 255])], { type: 'image/png' }), 'shoe.png');
  const token = bot.tokens.get(gateway.page.id);
  const url = `${gateway.signalbox.url}/v12.0/me/${path}?access_token=${token}`;
  return (await fetch(url, { method: 'POST', body: form })).json();
}

const file = { name: 'filedata', type: 'image/png', bytes: Buffer.from([1, 2, 3, 255]) };

describe('what the platform answers itself', () => {
  it('is asked with the page’s token and answered to the app: a person’s profile', async () => {
    const person = await gateway.newPerson();
    const answer = await client(desk).get(`/v12.0/${person}?fields=first_name,last_name`);
    expect(answer.body).toEqual({ first_name: 'Ada', last_name: 'Lovelace', id: person });
    expect(platform.calls).toMatchObject([
      { method: 'GET', path: `/${person}`, body: { fields: 'first_name,last_name' } },
    ]);
    for (const [name, value] of Object.entries(usage)) expect(answer.headers.get(name)).toBe(value);
    const unknown = await client(desk).get('/7999999999999999');
    expect(unknown.status).toBe(400);
    expect(unknown.body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  it('the profile of the page: set, asked for, deleted', async () => {
    const set = client(marketing);
    const get_started = { payload: 'BEGIN' };
    expect((await set.post('/me/messenger_profile', { get_started })).body).toEqual({ result: 'success' });
    const asked = '/me/messenger_profile?fields=get_started';
    expect((await set.get(asked)).body).toEqual({ data: [{ get_started }] });
    expect((await set.delete(asked)).body).toEqual({ result: 'success' });
    expect((await set.get(asked)).body).toEqual({ data: [] });
  });

  it('personas, whose ids look like people’s', async () => {
    const app = client(desk);
    const { id } = (await app.post('/me/personas', { name: 'Ada', profile_picture_url: 'https://cdn.example/a' })).body;
    expect((await app.get(`/${id}`)).body).toEqual({ id });
    expect((await app.delete(`/${id}`)).body).toEqual({ success: true });
    const person = await gateway.newPerson();
    await send(desk, person, { text: 'It is me' }, { persona_id: id });
    expect(platform.calls.at(-1)?.body).toMatchObject({ persona_id: id });
  });

  it('nothing else that the page’s token could read or delete', async () => {
    const app = client(desk);
    for (const answer of [await app.get(`/${photo}`), await app.delete(`/${photo}`)]) {
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({ code: 100, error_subcode: 33 });
    }
    const person = await gateway.newPerson();
    await app.get(`/${person}?ids=${photo}&id=${photo}&batch=[]`);
    expect(platform.calls.at(-1)).toMatchObject({ path: `/${person}`, body: {} });
    platform.calls.length = 0;
    expect((await app.delete(`/${person}`)).body.error).toMatchObject({ code: 100, error_subcode: 33 });
    expect(platform.calls.filter(({ path }) => !path.startsWith(`/${pageId}/`))).toEqual([]);
  });

  it('conversations, whose further pages lead back here, with the app’s own token', async () => {
    const { body, text } = await client(desk).get('/me/conversations?platform=messenger&limit=25');
    expect(text).not.toContain(pageToken);
    const next = new URL(body.paging.next);
    expect(next.origin).toBe(gateway.signalbox.url);
    expect(next.searchParams.get('access_token')).toBe(desk.tokens.get(gateway.page.id));
    expect((await fetch(next)).status).toBe(200);
    expect(platform.calls.at(-1)).toMatchObject({ path: `/${pageId}/conversations`, body: { after: 'MTIz' } });
    expect((await client(desk).get('/t_1002')).body).toEqual({ id: 't_1002' });
  });

  it.each(['fields=access_token', 'fields=from%7Baccess_token%7D', 'x={"a":"ACCESS_TOKEN"}'])(
    'is not asked for the page’s token: %s',
    async (query) => {
      const answer = await client(desk).get(`/t_1002?${query}`);
      expect([answer.status, answer.body.error.code]).toEqual([400, 100]);
      expect(platform.calls).toEqual([]);
    },
  );

  it('is told as it is when it fails, and that nobody answered', async () => {
    const person = await gateway.newPerson();
    platform.faults.push({ answer: { status: 500, body: '<html>Bad</html>' } });
    const failed = await client(desk).get(`/${person}`);
    expect([failed.status, failed.body.error.code, failed.body.error.is_transient]).toEqual([502, 2, true]);
    await gateway.putPage({ meta: null });
    const refused = await client(desk).get(`/${person}`);
    await gateway.putPage({ meta: { page_access_token: pageToken } });
    expect([refused.status, refused.body.error.code]).toEqual([403, 200]);
  });
});

it.each(['UPDATE', 'UTILITY'])('a message goes out as what its app says it is: %s', async (messaging_type) => {
  const person = await gateway.newPerson();
  expect((await send(desk, person, { text: 'hi' }, { messaging_type })).status).toBe(200);
  expect(platform.calls[0]?.body).toMatchObject({ messaging_type });
});

describe('files', () => {
  const attachment = { type: 'image', payload: { is_reusable: true } };

  it('go out with the message, and its answer comes back', async () => {
    const person = await gateway.newPerson();
    const fields = { recipient: `{"id":"${person}"}`, message: JSON.stringify({ attachment, metadata: 'my own' }) };
    const answer = await postFile(desk, 'messages', fields);
    expect(answer).toEqual({
      recipient_id: person,
      message_id: expect.stringMatching(/^m_/),
      attachment_id: '1857000000000001',
    });
    const [call] = platform.calls;
    expect(call?.files).toEqual([file]);
    expect(call?.body).toMatchObject({ recipient: { id: person }, message: { attachment } });
    expect(await gateway.told(marketing, person, 1)).toEqual(['standby echo: undefined']);
    expect((await gateway.rowsOf(person)).map(({ type }) => type)).toEqual(['user.message', 'app.send', 'app.sent']);
  });

  it('are uploaded before, and sent by their ids', async () => {
    const person = await gateway.newPerson();
    const { attachment_id } = await postFile(desk, 'message_attachments', { message: JSON.stringify({ attachment }) });
    expect(platform.calls[0]).toMatchObject({ path: `/${pageId}/message_attachments`, files: [file] });
    const answer = await send(desk, person, { attachment: { type: 'image', payload: { attachment_id } } });
    expect(answer.status).toBe(200);
    expect(platform.calls.at(-1)?.body.message.attachment.payload).toEqual({ attachment_id });
  });

  it('of an app without control do not leave', async () => {
    const person = await gateway.newPerson();
    const fields = { recipient: `{"id":"${person}"}`, message: JSON.stringify({ attachment }) };
    expect((await postFile(marketing, 'messages', fields)).error).toMatchObject({ error_subcode: 2018300 });
    expect(platform.calls).toEqual([]);
  });
});

describe('a button that is tapped', () => {
  const buttons = {
    attachment: {
      type: 'template',
      payload: {
        template_type: 'generic',
        elements: [{ title: 'Shoe', buttons: [{ type: 'postback', title: 'Buy', payload: 'BUY_42' }] }],
      },
    },
  };
  const tap = (person: string, postback: object, more: object = {}) =>
    platform.personWrites(person, '', { item: { postback: { mid: `m_tap_${person}`, ...postback }, ...more } });

  it('has its payload for the app that sent it alone, whoever has the thread', async () => {
    const person = await gateway.newPerson();
    await send(agent, person, buttons);
    await gateway.stage.ask('POST', `/api/v1/threads/${pageId}/${person}/control`, { action: 'pass', app_id: desk.id });
    expect(await tap(person, { title: 'Buy', payload: 'BUY_42' })).toBe(200);
    expect((await gateway.told(agent, person, 3)).at(-1)).toBe('live tap: Buy, BUY_42');
    expect((await gateway.told(desk, person, 4)).at(-1)).toBe('live tap: Buy, and no more');
    expect((await gateway.told(marketing, person, 2)).at(-1)).toBe('standby tap: Buy, and no more');
  });

  it('and is no app’s, as in an ad or a menu, has it for the app in control', async () => {
    const person = await gateway.newPerson();
    expect(await tap(person, { title: 'Menu', payload: 'MENU' })).toBe(200);
    expect(await gateway.told(desk, person, 1)).toEqual(['live tap: Menu, MENU']);
    expect(await gateway.told(agent, person, 1)).toEqual(['standby tap: Menu, and no more']);
  });
});

describe('what the platform reports in standby, since another app there has the thread', () => {
  const write = (person: string, text: string, entry: object = {}) =>
    platform.standby(
      {
        ...{ sender: { id: person }, recipient: { id: pageId }, timestamp: Date.now() },
        ...{ message: { mid: `m_${person}_${text}`, text } },
      },
      entry,
    );

  it('is told to the inbox, which stands for that app; the owner here is told before', async () => {
    const person = await gateway.newPerson();
    expect(await write(person, 'one')).toBe(200);
    expect(await write(person, 'two')).toBe(200);
    expect(await gateway.told(desk, person, 3)).toEqual([`take for ${inbox.id}`, 'standby: one', 'standby: two']);
    expect(await gateway.told(inbox, person, 2)).toEqual(['live: one', 'live: two']);
    const rows = await gateway.rowsOf(person);
    expect(rows.map(({ type }) => type)).toEqual(['user.message', 'outside.take', 'user.message', 'user.message']);
    expect(rows[1].cause.reason).toContain('in standby');
    expect((await send(desk, person, { text: 'me too' })).body.error).toMatchObject({ error_subcode: 2018300 });
  });

  it('is still told so after a day of silence', async () => {
    const person = await gateway.newPerson();
    await write(person, 'one');
    const { configStore } = gateway.signalbox.core;
    await configStore.setClockOffset(25 * 60 * 60 * 1000);
    await write(person, 'two');
    await configStore.setClockOffset(0);
    expect(await gateway.threadOf(person)).toMatchObject({ owner_app_id: inbox.id });
    expect(await gateway.told(desk, person, 3)).toEqual([`take for ${inbox.id}`, 'standby: one', 'standby: two']);
  });

  it('begins a thread as well, and once', async () => {
    const person = gateway.newPsid();
    for (let times = 0; times < 2; times++) expect(await write(person, 'first')).toBe(200);
    expect(await gateway.threadOf(person)).toMatchObject({ owner_app_id: inbox.id });
    expect((await gateway.rowsOf(person)).map(({ type }) => type)).toEqual(['user.message', 'outside.take']);
  });

  it('is only told where the page says so', async () => {
    await gateway.putPage({ outside_replies: 'only_told' });
    const person = await gateway.newPerson();
    await write(person, 'one');
    await gateway.putPage();
    expect(await gateway.threadOf(person)).toMatchObject({ owner_app_id: desk.id });
    expect(await gateway.told(desk, person, 1)).toEqual(['live: one']);
  });

  it('says who had the thread before, which apps are told', async () => {
    const person = await gateway.newPerson();
    const hop_context = [{ app_id: Number(metaAppId), metadata: 'from the ad' }];
    await write(person, 'one', { hop_context });
    await gateway.told(inbox, person, 1);
    expect(inbox.receiver.about(person).at(-1)?.json.entry[0].messaging[0]).toMatchObject({ hop_context });
  });
});

it('a webhook is answered while an app leaves its own unanswered', async () => {
  const person = await gateway.newPerson();
  marketing.receiver.answer = ({ people }) => (people.includes(person) ? 'hang' : 200);
  expect(await platform.personWrites(person, 'anybody?')).toBe(200);
  expect(await gateway.told(desk, person, 1)).toEqual(['live: anybody?']);
  marketing.receiver.answer = () => 200;
  expect((await send(desk, person, { text: 'yes' })).status).toBe(200);
});

describe('webhooks that come twice, or in another order', () => {
  const written = (person: string, ...texts: string[]) => {
    const messaging = texts.map((text, index) => ({
      ...{ sender: { id: person }, recipient: { id: pageId }, timestamp: Date.now() - 1000 + index },
      message: { mid: `m_${person}_${text}`, text },
    }));
    return messaging.map((item) =>
      JSON.stringify({ object: 'page', entry: [{ time: Date.now(), id: pageId, messaging: [item] }] }),
    );
  };

  it('have one effect, and lose nothing', async () => {
    const person = await gateway.newPerson();
    const [one = '', two = '', three = ''] = written(person, 'one', 'two', 'three');
    for (const body of [two, one, two, three, one]) expect(await platform.deliver(body)).toBe(200);
    expect(await gateway.told(desk, person, 3)).toEqual(['live: two', 'live: one', 'live: three']);
    expect(await gateway.told(marketing, person, 3)).toEqual(['standby: two', 'standby: one', 'standby: three']);
    const items = desk.receiver.about(person).map(({ json }) => json.entry[0].messaging[0]);
    const times = new Map(items.map(({ message, timestamp }) => [message.text, timestamp]));
    expect(times.get('one')).toBeLessThan(times.get('two'));
  });

  it('an echo that comes before the message it answers is put in its place', async () => {
    const person = await gateway.newPerson();
    const { body } = await send(desk, person, { text: 'an answer' });
    const [late = ''] = written(person, 'a question');
    const echo = { mid: body.message_id, text: 'an answer', metadata: platform.calls[0]?.body.message.metadata };
    expect(await platform.echo(person, echo)).toBe(200);
    expect(await platform.deliver(late)).toBe(200);
    expect(await platform.echo(person, echo)).toBe(200);
    expect(await gateway.told(desk, person, 2)).toEqual(['live echo: an answer', 'live: a question']);
  });
});
