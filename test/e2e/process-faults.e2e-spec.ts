import { setTimeout as delay } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/delivery.js';
import { metaAppSecret, Person, postWebhook } from '../support/person.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { adminToken } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';
import { testKeyring } from '../support/vault.js';

/* What can go wrong inside a process without ending it. */
let database: TestDatabase;
const servers: ServerProcess[] = [];
let stage: Stage;
let support: Bot;
let page: StagePage;

afterEach(async () => {
  for (const server of servers.splice(0)) expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
  await stage.close();
  await database.drop();
});

const settings = () => ({
  DATABASE_URL: database.url,
  ADMIN_TOKEN: adminToken,
  KEYRING: testKeyring,
  META_APP_SECRET: metaAppSecret,
  LOG_LEVEL: 'fatal',
  // As long as a POST may last, so long do leases.
  DELIVERY_TIMEOUT_MS: '1000',
});

/** Starts as many servers as there are environments, and gives them an app and a page. */
async function start(...environments: Record<string, string>[]): Promise<void> {
  database = await createTestDatabase();
  for (const more of environments) servers.push(await startServerProcess({ ...settings(), ...more }));
  stage = new Stage(servers[0] as ServerProcess);
  support = await stage.addBot('2200000000000022', { batch_size_max: 100 });
  page = await stage.addPage('104700000000001', [[support]], { messenger: { defaultApp: support } });
}

const newPeople = (count: number) =>
  Array.from({ length: count }, () => new Person(stage, page, 'messenger', 'platform'));

/** One webhook with an event of each; sent again until it is taken, as the platform does. */
async function write(people: readonly Person[], text: string, server = servers[0]): Promise<void> {
  const at = Date.now();
  const items = people.map((person) =>
    person.item(at, `"message":{"mid":"m_${person.psid}_${text}","text":"${text}"}`),
  );
  const entries = items.map((item) => `{"time":${at},"id":"${page.id}","messaging":[${item}]}`);
  const body = `{"object":"page","entry":[${entries.join(',')}]}`;
  for (let status = 0; status !== 200;) {
    status = await postWebhook(server?.url ?? '', body);
    expect([200, 500, 503]).toContain(status);
  }
}

/** What the app has acknowledged, by person: each text once, in the order in which it first came. */
function acknowledged(): Map<string, string[]> {
  const byPerson = new Map<string, Set<string>>();
  for (const { answer, json } of support.receiver.posts) {
    if (answer !== 200) continue;
    for (const { messaging = [] } of json.entry) {
      for (const { sender, message } of messaging) {
        const seen = byPerson.get(sender.id) ?? new Set();
        byPerson.set(sender.id, seen.add(message.text.slice(0, 8).trim()));
      }
    }
  }
  return new Map([...byPerson].map(([psid, seen]) => [psid, [...seen]]));
}

/** Waits until everybody's texts have arrived, and expects that they have come in order. */
async function expectDelivered(people: readonly Person[], count: number): Promise<void> {
  const total = () => [...acknowledged().values()].reduce((sum, seen) => sum + seen.length, 0);
  // What guards is the test's own timeout.
  while (total() < people.length * count) await delay(50);
  expect(acknowledged()).toEqual(new Map(people.map(({ psid }) => [psid, texts(count)])));
  expect(support.receiver.faults).toEqual([]);
}

const texts = (count: number) => Array.from({ length: count }, (_, n) => `text ${n}`);

it('an event loop that stands still for longer than a lease: others go on, and nothing is lost or out of order', async () => {
  await start({ FAILPOINTS: 'deliver.beforePost=20:block' }, {});
  const people = newPeople(8);
  for (const text of texts(10)) {
    // Each through another server than the one before; whichever stands still answers later.
    await write(people, text, servers[Number(text.at(-1)) % 2]);
  }
  await expectDelivered(people, 10);
  for (const person of people) expect(await person.events()).toHaveLength(10);
});

it('whatever throws along the way: the process stays, and everything is done once it is tried again', async () => {
  const points = ['ingest.beforeCommit', 'ingest.afterCommit', 'deliver.beforePost', 'deliver.afterPost'];
  points.push('cursor.beforeSave', 'cursor.afterSave', 'lease.afterClaim=2', 'timers.beforeFire');
  await start({ FAILPOINTS: points.map((point) => `${point}:throw`).join(',') });
  const people = newPeople(4);
  for (const text of texts(5)) await write(people, text);
  // Whoever fires what is due first fails with it, this call or the timer; the time is another all the same.
  const { status } = await stage.api('POST', '/api/v1/simulator/clock', { advance: '25h' });
  expect([200, 500]).toContain(status);
  await expectDelivered(people, 5);
  for (const person of people) {
    expect((await person.events()).filter(({ type }) => type === 'user.message')).toHaveLength(5);
  }
});

it('an exception and a rejection that nobody handles are in the log, and the process stays', async () => {
  const onSignal =
    "process.on('SIGUSR2',()=>{Promise.reject(new Error('a promise broke'));setImmediate(()=>{throw new Error('an observer broke')})})";
  await start({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(onSignal)}` });
  const [person] = newPeople(1);
  if (person === undefined) throw new Error('there is nobody');
  const [server] = servers;
  process.kill(server?.pid ?? 0, 'SIGUSR2');
  for (const failure of ['a promise broke', 'an observer broke']) {
    await until(`"${failure}" is in the log`, () => server?.stderr().includes(failure) === true);
  }
  await write([person], 'text 0');
  await expectDelivered([person], 1);
});
