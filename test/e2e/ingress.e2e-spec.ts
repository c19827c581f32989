import { createHmac } from 'node:crypto';
import { demo, seedDemo } from '../../src/channels/simulator/demo-data.js';
import { laneOf, psid, type Psid } from '../../src/domain/ids.js';
import type { LogRow } from '../../src/domain/log.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const secret = 'meta-app-secret-for-tests';
const verifyToken = 'verify-token-for-tests';
const dayMs = 24 * 60 * 60 * 1000;

let signalbox: TestSignalbox;
let people = 0;
let messages = 0;
const newPerson = () => psid(String(7_000_000_000_200_000 + ++people));
const newMid = () => `m_ingress_${++messages}`;

beforeAll(async () => {
  signalbox = await startSignalbox({
    MODE: 'gateway',
    META_APP_SECRET: secret,
    META_VERIFY_TOKEN: verifyToken,
    BODY_MAX_BYTES: '1000000',
  });
  await seedDemo(signalbox.core.configStore, signalbox.core.clock.now());
});
afterAll(() => signalbox.stop());

// The machine's own time is near enough to the server's for the tolerances here.
const now = () => Date.now();
const sign = (body: string | Buffer, key = secret) => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

/** Posts a body as the platform does; `headers` replace or, if null, leave out. */
async function post(body: unknown, headers: Record<string, string | null> = {}): Promise<number> {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const all = { 'content-type': 'application/json', 'x-hub-signature-256': sign(bytes), ...headers };
  const sent = Object.entries(all).filter((header): header is [string, string] => header[1] !== null);
  const response = await fetch(`${signalbox.url}/webhooks/meta`, {
    method: 'POST',
    headers: sent,
    body: typeof bytes === 'string' ? bytes : new Uint8Array(bytes),
  });
  await response.text();
  return response.status;
}

const item = (person: string, content: object, timestamp: unknown = now()) => ({
  sender: { id: person },
  recipient: { id: demo.page },
  timestamp,
  ...content,
});
const text = (person: string, mid: string, more: object = {}) =>
  item(person, { message: { mid, text: 'hi', ...more } });
const echo = (person: string, mid: string) => ({
  ...item(demo.page, { message: { mid, text: 'hi', is_echo: true } }),
  recipient: { id: person },
});
const webhook = (...items: unknown[]) => ({
  object: 'page',
  entry: [{ time: now(), id: demo.page, messaging: items }],
});

const rowsOf = (person: Psid): Promise<LogRow[]> =>
  signalbox.core.log.rowsOfThread({ pageId: demo.page, psid: person }, 0, 1000);

/** What is newly in quarantine since the last call, oldest first. */
let seenQuarantine = 0;
async function newQuarantine(): Promise<{ reason: string; payload: string }[]> {
  const rows: { id: string; reason: string; payload: string }[] = await signalbox.core.dataSource.query(
    'select id, reason, payload from quarantine where id > $1 order by id',
    [seenQuarantine],
  );
  seenQuarantine = Number(rows.at(-1)?.id ?? seenQuarantine);
  return rows.map(({ reason, payload }) => ({ reason, payload }));
}
beforeEach(() => newQuarantine());

describe('the challenge', () => {
  const ask = async (query: Record<string, string>) => {
    const response = await fetch(`${signalbox.url}/webhooks/meta?${new URLSearchParams(query).toString()}`);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.text(),
      response,
    };
  };
  const good = { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': '1158201444' };

  it('is echoed as plain text to who knows the token', async () => {
    const { status, type, body, response } = await ask(good);
    expect({ status, type, body }).toEqual({ status: 200, type: 'text/plain; charset=utf-8', body: '1158201444' });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    ['another token', { ...good, 'hub.verify_token': 'wrong' }, 403],
    ['no token', { 'hub.mode': 'subscribe', 'hub.challenge': '1' }, 403],
    ['another mode', { ...good, 'hub.mode': 'unsubscribe' }, 403],
    ['a script for a challenge', { ...good, 'hub.challenge': '<script>' }, 400],
    ['a challenge that is too long', { ...good, 'hub.challenge': 'a'.repeat(65) }, 400],
    ['no challenge', { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken }, 400],
  ])('is refused with %s', async (_, query, status) => {
    const answer = await ask(query);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('<script>');
  });
});

describe('a webhook is refused as a whole', () => {
  const body = JSON.stringify({ object: 'page', entry: [] });
  it.each([
    ['without a signature', null],
    ['with a wrong one', sign(body, 'another-secret')],
    ['with a cut one', sign(body).slice(0, -1)],
    ['with one in capitals', sign(body).replace(/=.*/, (hex) => hex.toUpperCase())],
    ['with two', `${sign(body)}, ${sign(body)}`],
    ['with SHA-1 only', `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`],
    ['with the signature of the same JSON, differently spaced', sign(JSON.stringify(JSON.parse(body), null, 1))],
  ])('%s', async (_, signature) => {
    expect(await post(body, { 'x-hub-signature-256': signature })).toBe(403);
  });

  it.each([
    ['that calls itself a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['that names no type', { 'content-type': 'text/plain' }],
    ['that is compressed', { 'content-encoding': 'gzip' }],
  ])('%s', async (_, headers) => {
    expect(await post(body, headers)).toBe(415);
  });

  it.each([
    ['empty', ''],
    ['cut', body.slice(0, -1)],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['NaN', '{"object":NaN}'],
    ['with a byte order mark', `\ufeff${body}`],
    ['UTF-16', Buffer.from(body, 'utf16le')],
    ['invalid UTF-8', Buffer.from('{"object":"\xff"}', 'latin1')],
  ])('whose body is %s', async (_, bad) => {
    expect(await post(bad)).toBe(400);
    expect(await newQuarantine()).toEqual([]);
  });

  it('that is too large', async () => {
    expect(await post(webhook(text(newPerson(), newMid(), { text: 'x'.repeat(1_000_001) })))).toBe(413);
  });
});

it('routes every kind of event with the bytes that every app gets', async () => {
  const person = newPerson();
  const mid = newMid();
  const ad = { ref: 'spring', source: 'ADS', type: 'OPEN_THREAD', ad_id: demo.ad };
  const items = [
    item(person, { referral: ad }),
    text(person, mid, { referral: ad, text: 'äöå 50% <b> a@b https://x.test/ 👋\u0000\ud800', unheard_of: [1.0, 2e3] }),
    item(person, { message: { mid: newMid(), text: 'L', quick_reply: { payload: 'SIZE_L' } } }),
    item(person, { postback: { mid: newMid(), title: 'Get Started', payload: 'GET_STARTED' } }),
    item(person, { postback: { mid: newMid(), title: 'More', payload: 'MORE' } }),
    item(person, { reaction: { reaction: 'love', emoji: '❤️', action: 'react', mid: 'm_1' } }),
    item(person, { read: { watermark: 1 } }),
    item(person, { delivery: { mids: ['m_1'], watermark: 1 } }),
    item(person, { message_edit: { mid, text: 'two', num_edit: 1 } }),
    item(person, { message_edit: { mid, text: 'three', num_edit: 2 } }),
    item(person, { message: { mid, is_deleted: true } }),
    item(person, { optin: { ref: 'cart' } }),
    item(person, { something_new: { deep: { er: true } } }),
  ];
  expect(await post(webhook(...items))).toBe(200);
  const rows = await rowsOf(person);
  expect(rows.map(({ type }) => type)).toEqual([
    'user.referral',
    'user.message',
    'user.message',
    'user.get_started',
    'user.postback',
    'user.reaction',
    'user.read',
    'user.delivery',
    'user.edit',
    'user.edit',
    'user.unsend',
    'user.optin',
    'user.other',
  ]);
  expect(rows.map(({ payload }) => JSON.parse(payload ?? ''))).toEqual(items);
  expect(rows[1]?.payload).toMatch(/^[\x20-\x7e]*$/);
  expect(rows[1]?.sourceId).toBe(`user.message:${mid}`);
  expect(rows[0]?.thread.ownerAppId).toBe(demo.marketingBot);

  // Delivered again it is the same.
  expect(await post(webhook(...items))).toBe(200);
  expect(await rowsOf(person)).toHaveLength(items.length);
  expect(await newQuarantine()).toEqual([]);
});

it('routes Instagram by its account', async () => {
  const person = newPerson();
  const id = demo.instagram;
  const message = {
    sender: { id: person },
    recipient: { id },
    timestamp: now(),
    message: { mid: 'aWdfZAG1', text: 'hi' },
  };
  expect(await post({ object: 'instagram', entry: [{ time: now(), id, messaging: [message] }] })).toBe(200);
  expect(await rowsOf(person)).toMatchObject([{ businessId: id, thread: { channel: 'instagram' } }]);

  // The same person cannot be on the other channel.
  expect(await post(webhook(text(person, newMid())))).toBe(200);
  expect(await newQuarantine()).toMatchObject([{ reason: 'wrong_channel' }]);
});

it('keeps digits that JavaScript cannot', async () => {
  const person = psid('18446744073709551615');
  const body = JSON.stringify(webhook(text(person, newMid(), { n: 0 }))).replace(
    '"n":0',
    '"n":24690135798024683,"z":-0',
  );
  expect(await post(body)).toBe(200);
  expect((await rowsOf(person))[0]?.payload).toContain('"n":24690135798024683,"z":-0');
});

it('keeps the order of each thread in a large body', async () => {
  const three = [newPerson(), newPerson(), newPerson()];
  const items = Array.from({ length: 600 }, (_, nth) => text(three[nth % 3] ?? '', newMid(), { text: String(nth) }));
  expect(await post(webhook(...items))).toBe(200);
  for (const [index, person] of three.entries()) {
    const texts = (await rowsOf(person)).map(({ payload }) => JSON.parse(payload ?? '').message.text);
    expect(texts).toEqual(Array.from({ length: 200 }, (_, nth) => String(nth * 3 + index)));
  }
});

it.each([
  ['missing_sender', { ...text('1', 'm_a'), sender: undefined }],
  ['missing_sender', { ...text('1', 'm_a'), sender: { user_ref: 'u-1' } }],
  ['malformed_person', text('__proto__', 'm_a')],
  ['malformed_person', { ...text('1', 'm_a'), sender: { id: 12 } }],
  ['missing_mid', item('7000000000299999', { message: { text: 'hi' } })],
  ['malformed_timestamp', item('7000000000299999', { message: { mid: 'm_a' } }, '1767225600500')],
  ['malformed_timestamp', { sender: { id: '7000000000299999' }, message: { mid: 'm_a' } }],
  ['stale', item('7000000000299999', { message: { mid: 'm_a' } }, 1767225600)],
  ['malformed_item', null],
  ['malformed_item', 'x'],
  ['malformed_item', text('7000000000299999', 'm_a', { is_echo: true })],
  ['unknown_person', echo('7000000000299999', 'm_a')],
  ['unknown_person', item('7000000000299999', { pass_thread_control: { new_owner_app_id: 1 } })],
  ['malformed_person', item('me', { take_thread_control: {} })],
  ['not_routed_yet', item('7000000000299999', { request_thread_control: { requested_owner_app_id: 1 } })],
])('puts %s aside and loses none of its neighbours', async (reason, bad) => {
  const [one, two] = [newPerson(), newPerson()];
  expect(await post(webhook(text(one, newMid()), bad, text(two, newMid())))).toBe(200);
  expect([(await rowsOf(one)).length, (await rowsOf(two)).length]).toEqual([1, 1]);
  const quarantined = await newQuarantine();
  expect(quarantined.map((entry) => entry.reason)).toEqual([reason]);
  expect(JSON.parse(quarantined[0]?.payload ?? '')).toEqual(JSON.parse(JSON.stringify(bad)));
  expect(await rowsOf(psid('7000000000299999'))).toEqual([]);
});

it('puts aside what is too old or too far ahead, and takes what is not', async () => {
  const person = newPerson();
  const at = (ms: number) => item(person, { message: { mid: newMid(), text: 'hi' } }, now() + ms);
  const minute = 60_000;
  const items = [at(-8 * dayMs - minute), at(-8 * dayMs + minute), at(59 * minute), at(61 * minute)];
  expect(await post(webhook(...items))).toBe(200);
  expect((await newQuarantine()).map(({ reason }) => reason)).toEqual(['stale', 'in_the_future']);
  expect((await rowsOf(person)).map(({ occurredAt }) => occurredAt)).toEqual([
    items[1]?.timestamp,
    items[2]?.timestamp,
  ]);
});

it.each([
  ['unknown_object', (good: object) => ({ object: 'user', entry: [good] }), 0],
  ['malformed_entry', () => ({ object: 'page' }), 0],
  ['unknown_page', (good: object) => ({ object: 'page', entry: [{ time: 1, id: '999', messaging: [{}] }, good] }), 1],
  ['malformed_entry', (good: object) => ({ object: 'page', entry: [7, good] }), 1],
  ['missing_sender', (good: object) => ({ object: 'page', entry: [{ id: demo.page, standby: [{}] }, good] }), 1],
  ['not_routed_yet', (good: object) => ({ object: 'page', entry: [{ id: demo.page, changes: [{}] }, good] }), 1],
])('puts a part of the body aside as %s', async (reason, bodyWith, routed) => {
  const person = newPerson();
  const [good] = webhook(text(person, newMid())).entry;
  expect(await post(bodyWith(good ?? {}))).toBe(200);
  expect((await newQuarantine()).map((entry) => entry.reason)).toEqual([reason]);
  expect(await rowsOf(person)).toHaveLength(routed);
});

it('survives nesting that cannot be written again', async () => {
  const person = newPerson();
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const bad = JSON.stringify(text(person, newMid(), { deep: 0 })).replace('"deep":0', `"deep":${deep}`);
  const good = JSON.stringify(text(person, newMid()));
  const body = `{"object":"page","entry":[{"id":"${demo.page}","messaging":[${bad},${good}]}]}`;
  expect(await post(body)).toBe(200);
  expect(await newQuarantine()).toMatchObject([{ reason: 'too_deep' }]);
  expect(await rowsOf(person)).toHaveLength(1);
});

it('pollutes no prototype', async () => {
  const person = newPerson();
  const body = JSON.stringify(webhook(text(person, newMid(), { n: 0 }))).replace('"n":0', '"__proto__":{"polluted":1}');
  expect(await post(body)).toBe(200);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect((await rowsOf(person))[0]?.payload).toContain('"__proto__":{"polluted":1}');
});

it('stores one copy of a webhook that arrives through two instances at once', async () => {
  const second = await startSignalbox(
    { MODE: 'gateway', META_APP_SECRET: secret, META_VERIFY_TOKEN: 'second-verify-token' },
    signalbox.database,
  );
  try {
    const persons = Array.from({ length: 20 }, newPerson);
    const body = JSON.stringify(webhook(...persons.map((person) => text(person, newMid()))));
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async (_, nth) => {
        const { url } = nth % 2 === 0 ? signalbox : second;
        const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body) };
        const response = await fetch(`${url}/webhooks/meta`, { method: 'POST', headers, body });
        return [response.status, await response.text()];
      }),
    );
    expect(statuses).toEqual(Array.from({ length: 6 }, () => [200, 'EVENT_RECEIVED']));
    for (const person of persons) expect(await rowsOf(person)).toHaveLength(1);
  } finally {
    await second.stop();
  }
});

it('answers 503 and keeps nothing while the database does not answer', async () => {
  const person = newPerson();
  const mid = newMid();
  const lane = laneOf({ pageId: demo.page, psid: person });
  const runner = signalbox.core.dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await runner.query('lock table lane in access exclusive mode');
    expect(await post(webhook(text(person, mid)))).toBe(503);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
  expect(await post(webhook(text(person, mid)))).toBe(200);
  expect(await rowsOf(person)).toMatchObject([{ lane }]);
}, 60_000);

describe('in the emulator', () => {
  it('there is no such address without a secret', async () => {
    const emulator = await startSignalbox({}, signalbox.database);
    try {
      const response = await fetch(`${emulator.url}/webhooks/meta`, { method: 'POST', body: '{}' });
      expect(response.status).not.toBe(200);
      expect(await response.text()).not.toContain('signature');
    } finally {
      await emulator.stop();
    }
  });
});
