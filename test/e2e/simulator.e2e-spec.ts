import { demo, seedDemo } from '../../src/channels/simulator/demo-data.js';
import { appId, psid, type AppId, type Psid } from '../../src/domain/ids.js';
import type { Channel } from '../../src/domain/page.js';
import { renderBody } from '../../src/domain/render.js';
import { startSignalbox, type ApiAnswer, type TestSignalbox } from '../support/signalbox.js';

const { marketingBot: marketing, supportBot: support, inbox } = demo;
const hourMs = 60 * 60 * 1000;

let signalbox: TestSignalbox;
let people = 0;
const newPerson = () => psid(String(7_000_000_000_000_100 + ++people));

beforeAll(async () => {
  signalbox = await startSignalbox();
  await seedDemo(signalbox.core.configStore, signalbox.core.clock.now());
});
afterAll(() => signalbox.stop());

const peoplePath = (person: string) => `/api/v1/simulator/pages/${demo.page}/people/${person}`;
const act = (person: Psid, action: object): Promise<ApiAnswer> =>
  signalbox.api('POST', `${peoplePath(person)}/actions`, action);

/** Does it and answers what each app is told, as the webhook's items by app and list. */
async function told(person: Psid, action: object): Promise<{ answer: any; told: Record<string, any[]> }> {
  const answer = await act(person, action);
  expect(answer).toMatchObject({ status: 200 });
  const webhooks: Record<string, any[]> = {};
  const rows = await signalbox.core.log.rowsOfThread({ pageId: demo.page, psid: person }, 0, 500);
  const ids = new Set(answer.body.log.map(({ id }: { id: string }) => id));
  for (const row of rows.filter(({ lane, id }) => ids.has(`${lane}-${id}`))) {
    for (const notice of row.notices) (webhooks[notice.appId] ??= []).push(JSON.parse(renderBody(row, notice)));
  }
  return { answer: answer.body, told: webhooks };
}

/** The webhook with one item in one list, as the platform would post it. */
const webhook = (channel: Channel, list: 'messaging' | 'standby', person: Psid, content: object) => {
  const id = channel === 'instagram' ? demo.instagram : demo.page;
  return {
    object: channel === 'instagram' ? 'instagram' : 'page',
    entry: [
      {
        time: expect.any(Number),
        id,
        [list]: [{ sender: { id: person }, recipient: { id }, timestamp: expect.any(Number), ...content }],
      },
    ],
  };
};
const pass = (previous: AppId | null, next: AppId) => ({
  pass_thread_control: {
    previous_owner_app_id: previous === null ? null : Number(previous),
    new_owner_app_id: Number(next),
    metadata: null,
  },
});

const mids = {
  messenger: expect.stringMatching(/^m_[\w-]{86}$/),
  instagram: expect.stringMatching(/^aWdf[\w-]{156}$/),
};
const bareAdReferral = { ref: demo.adRef, source: 'ADS', type: 'OPEN_THREAD', ad_id: demo.ad };
const adReferral = {
  ...bareAdReferral,
  ads_context_data: { ad_title: 'Spring sale', photo_url: 'https://cdn.example/ad.jpg' },
};

/** An app writes to the person, through the channel. */
async function send(person: Psid, app: AppId, message: Record<string, unknown>, channel: Channel = 'messenger') {
  const { core } = signalbox;
  const response = await fetch(`${signalbox.url}/v21.0/${demo.page}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await token(app)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ recipient: { id: person }, messaging_type: 'RESPONSE', message }),
  });
  const body: any = await response.json();
  expect({ status: response.status, body, channel, at: core.clock.now() }).toMatchObject({ status: 200 });
  return body.message_id as string;
}
const tokens = new Map<AppId, string>();
async function token(app: AppId): Promise<string> {
  const known =
    tokens.get(app) ?? (await signalbox.core.configStore.issueToken(demo.page, app, signalbox.core.clock.now()));
  tokens.set(app, known);
  return known;
}

describe.each(['messenger', 'instagram'] as const)('on %s', (channel) => {
  const mid = mids[channel];
  const linkSource = channel === 'instagram' ? 'SHORTLINKS' : 'SHORTLINK';

  it('a tapped ad hands the thread to the ad app and tells of the referral; the first message repeats it, no other', async () => {
    const person = newPerson();
    const tap = await told(person, { channel, type: 'tap_ad', ad_id: demo.ad });
    expect(tap.answer).toMatchObject({ state: 'marketing-owned', owner_app_id: marketing, version: 1 });
    expect(tap.answer.log).toMatchObject([{ type: 'user.referral', entry_point: { type: 'ad', ad_id: demo.ad } }]);
    expect(tap.told).toEqual({
      [marketing]: [
        webhook(channel, 'messaging', person, pass(null, marketing)),
        webhook(channel, 'messaging', person, { referral: adReferral }),
      ],
      [support]: [webhook(channel, 'standby', person, { referral: adReferral })],
      [inbox]: [webhook(channel, 'standby', person, { referral: adReferral })],
    });

    const first = await told(person, { type: 'message', text: 'Is it still on?' });
    const message = { message: { mid, text: 'Is it still on?', referral: adReferral } };
    expect(first.answer).toMatchObject({ state: 'marketing-owned', owner_app_id: marketing, version: 1 });
    expect(first.told).toEqual({
      [marketing]: [webhook(channel, 'messaging', person, message)],
      [support]: [webhook(channel, 'standby', person, message)],
      [inbox]: [webhook(channel, 'standby', person, message)],
    });

    const second = await told(person, { type: 'message', text: 'Hello?' });
    expect(second.told[marketing]).toEqual([
      webhook(channel, 'messaging', person, { message: { mid, text: 'Hello?' } }),
    ]);
  });

  it('an ad and a message at once are one event', async () => {
    const person = newPerson();
    const { answer, told: webhooks } = await told(person, { channel, type: 'message', text: 'Hi', ad_id: demo.ad });
    expect(answer).toMatchObject({ state: 'marketing-owned', owner_app_id: marketing });
    const message = { message: { mid, text: 'Hi', referral: adReferral } };
    expect(webhooks[marketing]).toEqual([
      webhook(channel, 'messaging', person, pass(null, marketing)),
      webhook(channel, 'messaging', person, message),
    ]);
    expect(webhooks[support]).toEqual([webhook(channel, 'standby', person, message)]);
  });

  it("the ad's button is a postback whose payload only the ad app sees", async () => {
    const person = newPerson();
    const { told: webhooks } = await told(person, {
      channel,
      type: 'tap_button',
      title: 'Tell me more',
      ad_id: demo.ad,
    });
    expect(webhooks[marketing]).toEqual([
      webhook(channel, 'messaging', person, pass(null, marketing)),
      webhook(channel, 'messaging', person, {
        postback: { mid, title: 'Tell me more', payload: 'AD_TELL_MORE', referral: bareAdReferral },
      }),
    ]);
    expect(webhooks[support]).toHaveLength(1);
    const [standby] = webhooks[support]?.[0].entry[0].standby ?? [];
    expect(standby.postback).toMatchObject({ mid, title: 'Tell me more' });
    expect(standby.postback).not.toHaveProperty('payload');
  });

  it("the ad's quick reply is a message, its payload for everyone", async () => {
    const person = newPerson();
    const { told: webhooks } = await told(person, {
      channel,
      type: 'tap_quick_reply',
      title: 'Show prices',
      ad_id: demo.ad,
    });
    const message = {
      message: { mid, text: 'Show prices', quick_reply: { payload: 'AD_PRICES' }, referral: bareAdReferral },
    };
    expect(webhooks[marketing]?.[1]).toEqual(webhook(channel, 'messaging', person, message));
    expect(webhooks[support]).toEqual([webhook(channel, 'standby', person, message)]);
  });

  it("after a separate tap the ad's button carries the referral, since it starts the conversation", async () => {
    const person = newPerson();
    await told(person, { channel, type: 'tap_ad', ad_id: demo.ad });
    const { answer, told: webhooks } = await told(person, { type: 'tap_button', title: 'Tell me more' });
    expect(answer).toMatchObject({ version: 1 });
    expect(webhooks[marketing]).toEqual([
      webhook(channel, 'messaging', person, {
        postback: { mid, title: 'Tell me more', payload: 'AD_TELL_MORE', referral: bareAdReferral },
      }),
    ]);
  });

  it('a link names its source, and is not repeated in a conversation that existed', async () => {
    const person = newPerson();
    await told(person, { channel, type: 'message', text: 'Hi' });
    const link = { ref: 'flyer', source: linkSource, type: 'OPEN_THREAD' };
    const { told: webhooks } = await told(person, { type: 'open_link', ref: 'flyer' });
    expect(webhooks[support]).toEqual([webhook(channel, 'messaging', person, { referral: link })]);
    const next = await told(person, { type: 'message', text: 'And now?' });
    expect(next.told[support]).toEqual([webhook(channel, 'messaging', person, { message: { mid, text: 'And now?' } })]);

    const newcomer = newPerson();
    await told(newcomer, { channel, type: 'open_link', ref: 'flyer' });
    const started = await told(newcomer, { type: 'get_started' });
    expect(started.told[support]).toEqual([
      webhook(channel, 'messaging', newcomer, {
        postback: { mid, title: 'Get Started', payload: 'GET_STARTED', referral: link },
      }),
    ]);
    expect(started.answer.log[0].type).toBe('user.get_started');
  });

  it('reads, reactions and edits are told as the channel tells them', async () => {
    const person = newPerson();
    await told(person, { channel, type: 'message', text: 'Hi' });
    const sent = await send(person, support, { text: 'Hello' });
    await signalbox.core.configStore.subscribeConnection(demo.page, support, [
      ...(['messages', 'messaging_postbacks', 'messaging_referrals', 'messaging_handovers', 'standby'] as const),
      ...(['message_reads', 'message_reactions', 'message_edits'] as const),
    ]);
    const read = await told(person, { type: 'read' });
    expect(read.told[support]).toEqual([
      webhook(channel, 'messaging', person, {
        read: channel === 'instagram' ? { mid: sent } : { watermark: expect.any(Number) },
      }),
    ]);
    const reaction = await told(person, { type: 'react', reaction: 'love' });
    expect(reaction.told[support]).toEqual([
      webhook(channel, 'messaging', person, {
        reaction: { reaction: 'love', emoji: '❤️', action: 'react', mid: sent },
      }),
    ]);
    for (const [nth, text] of [
      [1, 'Hii'],
      [2, 'Hi!'],
    ] as const) {
      const edit = await told(person, { type: 'edit', text });
      expect(edit.told[support]).toEqual([
        webhook(channel, 'messaging', person, { message_edit: { mid, text, num_edit: nth } }),
      ]);
    }
    const seen = await signalbox.api('GET', `${peoplePath(person)}/messages`);
    expect(seen.body.data).toMatchObject([
      { from: 'person', text: 'Hi!', edited: true },
      { id: sent, from: 'app', app_id: support, text: 'Hello', reactions: [{ by: 'person', reaction: '❤️' }] },
    ]);
  });
});

it('reports deliveries on Messenger only', async () => {
  const fields = ['messages', 'message_deliveries', 'messaging_postbacks', 'standby'] as const;
  await signalbox.core.configStore.subscribeConnection(demo.page, inbox, fields);
  const person = newPerson();
  await told(person, { type: 'message', text: 'Hi' });
  const sent = await send(person, support, { text: 'Hello' });
  const { answer, told: webhooks } = await told(person, { type: 'deliver' });
  expect(answer.log[0].type).toBe('user.delivery');
  expect(webhooks[inbox]).toEqual([
    webhook('messenger', 'standby', person, { delivery: { mids: [sent], watermark: expect.any(Number) } }),
  ]);

  const onInstagram = newPerson();
  await told(onInstagram, { channel: 'instagram', type: 'message', text: 'Hi' });
  expect(await act(onInstagram, { type: 'deliver' })).toMatchObject({ status: 422, body: { code: 'not_on_channel' } });
});

it('unsends on Instagram only', async () => {
  const person = newPerson();
  await told(person, { channel: 'instagram', type: 'message', text: 'oops' });
  const { told: webhooks } = await told(person, { type: 'unsend' });
  expect(webhooks[support]).toEqual([
    webhook('instagram', 'messaging', person, { message: { mid: mids.instagram, is_deleted: true } }),
  ]);
  expect((await signalbox.api('GET', `${peoplePath(person)}/messages`)).body.data).toMatchObject([
    { deleted: true, text: null },
  ]);
  const other = newPerson();
  await told(other, { type: 'message', text: 'oops' });
  expect(await act(other, { type: 'unsend' })).toMatchObject({ status: 422, body: { code: 'not_on_channel' } });
});

it('gives the payload of a button to the app that sent it, whoever owns the thread', async () => {
  const person = newPerson();
  await told(person, { type: 'message', text: 'Hi', ad_id: demo.ad });
  await send(person, marketing, {
    attachment: {
      type: 'template',
      payload: {
        template_type: 'button',
        text: 'Which one?',
        buttons: [{ type: 'postback', title: 'The red one', payload: 'RED' }],
      },
    },
  });
  const seen = await signalbox.api('GET', `${peoplePath(person)}/messages`);
  expect(seen.body.data[1]).toMatchObject({ app_id: marketing, buttons: [{ title: 'The red one', payload: 'RED' }] });
  const key = { pageId: demo.page, psid: person };
  await signalbox.core.router.dispatch({
    key,
    channel: null,
    cause: { by: 'operator' },
    events: [{ event: { type: 'operator.pass', targetAppId: support }, sourceId: `test:${person}`, occurredAt: null }],
  });
  const { answer, told: webhooks } = await told(person, { type: 'tap_button', title: 'The red one' });
  expect(answer.owner_app_id).toBe(support);
  const postback = { mid: mids.messenger, title: 'The red one', payload: 'RED' };
  expect(webhooks[marketing]).toEqual([webhook('messenger', 'messaging', person, { postback })]);
  expect(webhooks[support]).toEqual([
    webhook('messenger', 'messaging', person, { postback: { mid: mids.messenger, title: 'The red one' } }),
  ]);
});

it('pages what the person has seen, oldest first', async () => {
  const person = newPerson();
  const texts = ['one', 'two', 'three', 'four', 'five'];
  for (const text of texts) await told(person, { type: 'message', text });
  const found: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: ApiAnswer = await signalbox.api('GET', `${peoplePath(person)}/messages?limit=2&cursor=${cursor || 0}`);
    expect(page.status).toBe(200);
    found.push(...page.body.data.map(({ text }: { text: string }) => text));
    cursor = page.body.next_cursor;
  }
  expect(found).toEqual(texts);
});

describe('the virtual clock', () => {
  const clock = '/api/v1/simulator/clock';

  it('releases exactly the threads whose 24 hours are over', async () => {
    const early = newPerson();
    const late = newPerson();
    const state = async (person: Psid) =>
      (await signalbox.core.log.findThread({ pageId: demo.page, psid: person }))?.state;
    await told(early, { type: 'message', text: 'Hi' });
    const before = Date.parse((await signalbox.api('GET', clock)).body.now);
    expect((await signalbox.api('POST', clock, { advance: '1h' })).status).toBe(200);
    await told(late, { type: 'message', text: 'Hi' });
    const after = await signalbox.api('POST', clock, { advance: '23h' });
    expect(Date.parse(after.body.now) - before).toBeGreaterThanOrEqual(24 * hourMs);
    expect([await state(early), await state(late)]).toEqual(['released', 'default-owned']);

    const next = await signalbox.api('POST', clock, { to_next_deadline: true });
    expect(next.status).toBe(200);
    expect([await state(early), await state(late)]).toEqual(['released', 'released']);
    expect(await signalbox.api('POST', clock, { to_next_deadline: true })).toMatchObject({
      status: 409,
      body: { code: 'no_deadline' },
    });
    const again = await told(early, { type: 'message', text: 'Me again' });
    expect(again.answer).toMatchObject({ state: 'default-owned', owner_app_id: support, version: 3 });
  });

  it.each([
    {},
    { advance: '0s' },
    { advance: '-1h' },
    { advance: '24' },
    { advance: '367d' },
    { advance: 24 },
    { advance: '1h', to_next_deadline: true },
    { to_next_deadline: false },
  ])('refuses %j', async (body) => {
    expect(await signalbox.api('POST', clock, body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});

describe('refuses, and changes nothing', () => {
  it.each([
    ['an unknown page', 404, 'page_not_found', '/api/v1/simulator/pages/999/people/1/actions', { type: 'get_started' }],
    ['a person id of the wrong form', 400, 'invalid_request', `${peoplePath('12x')}/actions`, { type: 'get_started' }],
    ['an unknown type', 400, 'invalid_request', `${peoplePath('1')}/actions`, { type: 'dance' }],
    ['a message of nothing', 400, 'invalid_request', `${peoplePath('1')}/actions`, { type: 'message' }],
    ['an ad id as a number', 400, 'invalid_request', `${peoplePath('1')}/actions`, { type: 'tap_ad', ad_id: 12 }],
    ['an unknown member', 400, 'invalid_request', `${peoplePath('1')}/actions`, { type: 'get_started', x: 1 }],
    ['a button never seen', 422, 'button_not_seen', `${peoplePath('1')}/actions`, { type: 'tap_button', title: 'No' }],
    ['a reaction to nothing', 422, 'message_not_seen', `${peoplePath('1')}/actions`, { type: 'react' }],
  ] as const)('%s', async (_, status, code, path, body) => {
    expect(await signalbox.api('POST', path, body)).toMatchObject({ status, body: { code, status } });
    expect(await signalbox.core.log.findThread({ pageId: demo.page, psid: psid('1') })).toBeNull();
  });

  it('the other channel', async () => {
    const person = newPerson();
    await told(person, { type: 'message', text: 'Hi' });
    expect(await act(person, { channel: 'instagram', type: 'get_started' })).toMatchObject({
      status: 409,
      body: { code: 'wrong_channel' },
    });
  });

  it('a wrong token', async () => {
    const answer = await signalbox.api('GET', '/api/v1/simulator/clock', undefined, { authorization: 'Bearer wrong' });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  });
});

it('keeps NUL, lone surrogates and every digit', async () => {
  const person = psid('18446744073709551615');
  const text = 'a\u0000b \ud800 👋';
  const { told: webhooks } = await told(person, { type: 'message', text });
  expect(webhooks[support]?.[0].entry[0].messaging[0]).toMatchObject({ sender: { id: person }, message: { text } });
  expect((await signalbox.api('GET', `${peoplePath(person)}/messages`)).body.data[0].text).toBe(text);
});

it('is not there in a gateway', async () => {
  const gateway = await startSignalbox(
    { MODE: 'gateway', META_APP_SECRET: 'secret-of-meta', META_VERIFY_TOKEN: 'token-of-meta' },
    signalbox.database,
  );
  try {
    for (const [method, path] of [
      ['POST', `${peoplePath('1')}/actions`],
      ['GET', '/api/v1/simulator/clock'],
    ] as const) {
      const answer = await gateway.api(method, path, method === 'POST' ? { type: 'get_started' } : undefined);
      expect(answer).toMatchObject({ status: 409, body: { code: 'emulator_only' } });
    }
  } finally {
    await gateway.stop();
  }
});

it('knows an app beyond 2^53 as the sender of its messages', async () => {
  const longId = appId('12345678901234567890');
  const person = newPerson();
  const { configStore, clock } = signalbox.core;
  await configStore.putApp(longId, { name: 'Long', kind: 'inbox', callbackUrl: null, batchSizeMax: 1 });
  await configStore.putConnection(demo.page, longId, {}, clock.now());
  await told(person, { type: 'message', text: 'Hi' });
  await send(person, longId, { text: 'Hello' });
  const seen = await signalbox.api('GET', `${peoplePath(person)}/messages`);
  expect(seen.body.data[1]).toMatchObject({ app_id: longId, text: 'Hello' });
  const rows = await signalbox.core.log.rowsOfThread({ pageId: demo.page, psid: person }, 0, 10);
  expect(rows[1]?.payload).toContain(`"app_id":${longId}`);
});
