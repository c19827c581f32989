import pg from 'pg';
import { springAd, springAdRoute } from '../support/acts.js';
import { until } from '../support/delivery.js';
import { metaAppSecret, Person, postWebhook } from '../support/person.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';

/* Every statement that the database gets fails once with every kind of error, and is looked at from outside. */

/** Nobody's fault; the statement has had no effect. One of each kind, as a table of all the codes has them elsewhere. */
const passing = { serialization_failure: '40001', admin_shutdown: '57P01' };

/** A driver that fails when it is told to; of this process alone. */
class FaultyDriver {
  /** The next statement with this text fails, before or after it has had its effect. */
  #armed: { text: string; code: string; after: boolean } | null = null;
  #heard: Set<string> | null = null;
  readonly #query: (...args: unknown[]) => unknown = Reflect.get(pg.Client.prototype, 'query');

  install(): void {
    const { prototype } = pg.Client as { prototype: any };
    const [pass, fail] = [this.#query, (text: string) => this.#failureOf(text)];
    prototype.query = function (this: unknown, ...args: any[]) {
      const text = String(args[0]?.text ?? args[0]).trim();
      const failure = fail(text);
      if (failure === null) return pass.apply(this, args);
      const callback: unknown = args.at(-1);
      if (typeof callback !== 'function') {
        const passed = failure.after ? (pass.apply(this, args) as Promise<unknown>) : Promise.resolve();
        return passed.then(() => Promise.reject(failure.error));
      }
      if (failure.after) pass.apply(this, [...args.slice(0, -1), () => callback(failure.error)]);
      else process.nextTick(callback, failure.error);
      return undefined;
    };
  }

  remove(): void {
    (pg.Client as { prototype: any }).prototype.query = this.#query;
  }

  /** The texts of all statements until `work` has ended. */
  async hear(work: () => Promise<unknown>): Promise<Set<string>> {
    const heard = (this.#heard = new Set<string>());
    await work();
    this.#heard = null;
    return heard;
  }

  arm(text: string, code: string, after = false): void {
    this.#armed = { text, code, after };
  }

  /** Whether it has failed since it was armed. */
  disarm(): boolean {
    const failed = this.#armed === null;
    this.#armed = null;
    return failed;
  }

  #failureOf(text: string): { error: Error; after: boolean } | null {
    this.#heard?.add(text);
    if (this.#armed?.text !== text) return null;
    const { code, after } = this.#armed;
    this.#armed = null;
    return { error: Object.assign(new Error(`injected: ${code}`), { code }), after };
  }
}

const driver = new FaultyDriver();
let signalbox: TestSignalbox;
let stage: Stage;
let page: StagePage;
let marketing: Bot;
let support: Bot;

beforeAll(async () => {
  driver.install();
  signalbox = await startSignalbox({ META_APP_SECRET: metaAppSecret, LOG_LEVEL: 'silent' });
  stage = new Stage({ url: signalbox.url, adminToken: signalbox.adminToken.value });
  marketing = await stage.addBot('2100000000000011');
  support = await stage.addBot('2200000000000022');
  page = await stage.addPage('104700000000001', [[marketing], [support]], { messenger: { defaultApp: support } });
  await stage.ask('PUT', `/api/v1/pages/${page.id}/routes/ads/${springAd}`, routeBody());
});
afterAll(async () => {
  driver.remove();
  await stage?.close();
  await signalbox?.stop();
});

const routeBody = () => ({ receiving_app_id: marketing.id, ...springAdRoute });
const newPerson = () => new Person(stage, page, 'messenger', 'platform');

/** What a caller is told: `done`, `come again`, or anything else. */
type Told = string;

async function admin(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Told> {
  const answer = await stage.api(method, path, body, headers);
  if (answer.status < 300) return 'done';
  return answer.status === 503 && answer.body.code === 'busy' ? 'come again' : `${answer.status} ${answer.body.code}`;
}

async function graph(call: Promise<{ status: number; body: any }>): Promise<Told> {
  const { status, body } = await call;
  if (status === 200) return 'done';
  return body.error?.code === 2 && body.error.is_transient ? 'come again' : `${status} ${JSON.stringify(body.error)}`;
}

async function webhook(person: Person, text: string): Promise<Told> {
  const at = Date.now();
  const item = person.item(at, `"message":{"mid":"m_${person.psid}_${text}","text":"${text}"}`);
  const status = await postWebhook(signalbox.url, person.envelope(at, { field: 'messaging', item }));
  if (status === 200) return 'done';
  return status === 503 ? 'come again' : `${status}`;
}

/** Each gets a person of its own, who has written once, and does the same however often it is called. */
const calls: Record<string, (person: Person) => Promise<Told>> = {
  'a webhook': (person) => webhook(person, 'again'),
  'what a simulated person does': (person) =>
    admin('POST', `/api/v1/simulator/pages/${page.id}/people/${person.psid}/actions`, { type: 'message', text: 'hi' }),
  'a message of an app': (person) =>
    graph(support.on(page).post('/v12.0/me/messages', { recipient: person.recipient, message: { text: 'hello' } })),
  'the owner of a thread': (person) => graph(support.on(page).get(`/v12.0/me/thread_owner?recipient=${person.psid}`)),
  'a thread': (person) => admin('GET', `/api/v1/threads/${page.id}/${person.psid}`),
  'the deliveries of a thread': (person) => admin('GET', `/api/v1/threads/${page.id}/${person.psid}/deliveries`),
  'a page of the feed': () => admin('GET', '/api/v1/feed?limit=3'),
  'an app': () => admin('PUT', '/api/v1/apps/2300000000000033', { name: 'Another' }),
  'a route': () => admin('PUT', `/api/v1/pages/${page.id}/routes/ads/${springAd}`, routeBody()),
  'the release of a thread': (person) =>
    admin(
      'POST',
      `/api/v1/threads/${page.id}/${person.psid}/control`,
      { action: 'release' },
      { 'idempotency-key': person.psid },
    ),
  'an erasure': async (person) => {
    const told = await admin('DELETE', `/api/v1/pages/${page.id}/people/${person.psid}`);
    return told === '404 thread_not_found' ? 'done' : told;
  },
};

async function somebody(): Promise<Person> {
  const person = newPerson();
  expect(await webhook(person, 'first')).toBe('done');
  return person;
}

describe.each(Object.entries(calls))('%s', (_, call) => {
  it.each(Object.entries(passing))('is done or may be asked again after each %s', async (_name, code) => {
    const person = await somebody();
    const idle = await driver.hear(() => signalbox.api('GET', '/health/live'));
    const statements = await driver.hear(() => call(person));
    for (const text of [...statements].filter((statement) => !idle.has(statement) && statement !== 'ROLLBACK')) {
      const next = await somebody();
      driver.arm(text, code);
      const told = await call(next);
      driver.disarm();
      expect({ text, told }).toEqual({ text, told: expect.stringMatching(/^(done|come again)$/) });
      if (told === 'come again') expect({ text, told: await call(next) }).toEqual({ text, told: 'done' });
    }
  });
});

it('a webhook whose outcome is lost at any statement is in the log once, and so it is delivered', async () => {
  const statements = await driver.hear(async () => expect(await webhook(newPerson(), 'a')).toBe('done'));
  for (const text of statements) {
    for (const after of [false, true]) {
      const person = newPerson();
      driver.arm(text, '08006', after);
      while ((await webhook(person, 'lost')) === 'come again');
      driver.disarm();
      const rows = await person.events();
      expect({ text, rows: rows.map(({ type, outcome }) => [type, outcome]) }).toEqual({
        text,
        rows: [['user.message', 'applied']],
      });
      await until('it is delivered', () => support.receiver.about(person.psid).length > 0);
    }
  }
});
