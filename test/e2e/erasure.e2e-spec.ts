import { createHmac } from 'node:crypto';
import { laneOf, psid, type Psid } from '../../src/domain/ids.js';
import { dumpOf, tablesWith } from '../support/dump.js';
import { callGraph } from '../support/graph-client.js';
import { metaAppSecret } from '../support/person.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';

/** Found nowhere but in what the person wrote. */
const said = 'CANARY-between-the-two-of-us';

let signalbox: TestSignalbox;
let stage: Stage;
let page: StagePage;
let support: Bot;

beforeAll(async () => {
  signalbox = await startSignalbox({ META_APP_SECRET: metaAppSecret, DELIVERY_TIMEOUT_MS: '1000' });
  stage = new Stage({ url: signalbox.url, adminToken });
  support = await stage.addBot('2200000000000022');
  page = await stage.addPage('104700000000001', [[support]], { messenger: { defaultApp: support } });
});
afterAll(async () => {
  await stage?.close();
  await signalbox?.stop();
});

let people = 7_000_000_000_300_000;
const newPerson = () => psid(String(++people));

/** Somebody else whose thread is in the same lane. */
function neighbourOf(person: Psid): Psid {
  for (;;) {
    const other = newPerson();
    if (laneOf({ pageId: page.id, psid: other }) === laneOf({ pageId: page.id, psid: person })) return other;
  }
}

const item = (person: Psid, mid: string, more: object = {}) => ({
  sender: { id: person },
  recipient: { id: page.id },
  timestamp: Date.now(),
  message: { mid, text: said },
  ...more,
});

async function deliver(...items: object[]): Promise<number> {
  const body = JSON.stringify({ object: 'page', entry: [{ id: page.id, time: 0, messaging: items }] });
  const signature = `sha256=${createHmac('sha256', metaAppSecret).update(body).digest('hex')}`;
  const response = await fetch(`${signalbox.url}/webhooks/meta`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
    body,
  });
  return response.status;
}

async function asSupport(path: string, body: object): Promise<any> {
  const answer = await callGraph(`${signalbox.url}/v25.0${path}?access_token=${support.tokens.get(page.id)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body;
}

const pathOf = (person: Psid) => `/api/v1/pages/${page.id}/people/${person}`;
const tracesOf = (person: Psid) => tablesWith(signalbox.database.url, [person, `m-${person}`]);

it('an erased person is nowhere, and does not come back by what was under way or is delivered again', async () => {
  const person = newPerson();
  const neighbour = neighbourOf(person);
  // Their deliveries fail, so that tries, a stalled thread and what waits behind it are kept as well.
  support.receiver.answer = (post) => (post.people.includes(person) ? 500 : 200);
  const message = item(person, `m-${person}-1`);
  const unroutable = item(person, `m-${person}-2`, { timestamp: 0 });
  expect(await deliver(message, unroutable)).toBe(200);
  await support.receiver.waitFor('a second try', (posts) =>
    posts.some(({ attempt, people }) => attempt > 1 && people.includes(person)),
  );
  const label = await asSupport('/me/custom_labels', { page_label_name: 'regular' });
  await asSupport(`/${label.id}/label`, { user: person });
  await asSupport('/me/messenger_profile', { get_started: { payload: 'start' } });
  await asSupport('/me/custom_user_settings', {
    psid: person,
    persistent_menu: [
      {
        locale: 'default',
        composer_input_disabled: false,
        call_to_actions: [{ type: 'postback', title: 'Orders', payload: 'orders' }],
      },
    ],
  });
  await until(async () => (await tracesOf(person)).includes('stalled'));

  const kept = await stage.ask('GET', pathOf(person));
  expect(kept.events[0].payload.message.text).toBe(said);
  expect(kept).toMatchObject({ labels: ['regular'], menus: [{ app_id: support.id }] });
  expect(kept.quarantined).toEqual([{ reason: 'stale', at: expect.any(String), payload: unroutable }]);
  expect(await tracesOf(person)).toEqual(['label_person', 'log', 'person_menu', 'quarantine', 'stalled', 'thread']);

  // Erased while a delivery of theirs is under way, which fails afterwards.
  support.receiver.answer = (post) => (post.people.includes(person) ? 'hang' : 200);
  await support.receiver.waitFor('a try that is not answered', (posts) =>
    posts.some(({ answer }) => answer === 'hang'),
  );
  expect((await stage.api('DELETE', pathOf(person))).status).toBe(204);
  expect(await tracesOf(person)).toEqual([]);
  expect((await stage.api('GET', pathOf(person))).status).toBe(404);
  await until(async () => (await triesWithoutAnswer()) > 0);

  // Dispatch goes on in the same lane, and what it saves then has nothing of the person.
  const position = await laneEnd(neighbour);
  expect(await deliver(item(neighbour, `m-${neighbour}`), message, unroutable)).toBe(200);
  await support.receiver.waitFor('the message of somebody else', (posts) =>
    posts.some((post) => post.people.includes(neighbour)),
  );
  await until(async () => (await savedPosition(neighbour)) > position);
  expect(await tracesOf(person)).toEqual([]);
  const dump = await dumpOf(signalbox.database.url);
  if (dump !== null) {
    expect(dump).toContain(neighbour);
    expect(dump).not.toContain(person);
  }

  // Writing anew is no redelivery: they are somebody nobody knows.
  support.receiver.answer = () => 200;
  expect(await deliver(item(person, `m-${person}-3`), message)).toBe(200);
  const anew = await stage.ask('GET', pathOf(person));
  expect(anew.thread).toMatchObject({ version: 1, previous_owner_app_id: null });
  expect(anew.events.map((event: any) => event.source_id)).toEqual([`user.message:m-${person}-3`]);
  expect(anew).toMatchObject({ labels: [], menus: [], quarantined: [] });
});

const laneEnd = async (person: Psid) =>
  (await signalbox.core.log.lastIds())[laneOf({ pageId: page.id, psid: person })] ?? 0;

async function triesWithoutAnswer(): Promise<number> {
  const rows: unknown[] = await signalbox.core.dataSource.query('select from attempt where status is null');
  return rows.length;
}

async function savedPosition(person: Psid): Promise<number> {
  const rows: { last_id: string }[] = await signalbox.core.dataSource.query(
    'select last_id from cursor where lane = $1',
    [laneOf({ pageId: page.id, psid: person })],
  );
  return Number(rows[0]?.last_id);
}

/** Looks again and again; the test's own time-out is the guard. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}
