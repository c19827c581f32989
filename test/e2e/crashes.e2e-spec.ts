import type pg from 'pg';
import { laneOf } from '../../src/domain/ids.js';
import type { Channel } from '../../src/domain/page.js';
import { openPool } from '../../src/store/data-source.js';
import { LogStore } from '../../src/store/log.store.js';
import { springAd, springAdRoute, tapAd, write, writeAfterTap } from '../support/acts.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { metaAppSecret, Person, postWebhook } from '../support/person.js';
import { MortalServer } from '../support/server-process.js';
import { adminToken } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';
import { expectOneStory } from '../support/story.js';

/** Enough that several events are on their way at any moment, few enough to be quick. */
const peopleCount = 12;

/** A server that will die, the platform and two apps around it, and what the platform knows that it was told is done. */
class Drama {
  /** Every item the server acknowledged, by person, in the order in which they were sent. */
  readonly acknowledged = new Map<Person, string[]>();
  resent = 0;
  readonly people: Person[] = [];

  private constructor(
    private readonly database: TestDatabase,
    readonly server: MortalServer,
    readonly stage: Stage,
    readonly page: StagePage,
    readonly marketing: Bot,
    readonly support: Bot,
    private readonly pool: pg.Pool,
  ) {}

  static async open(failpoints: string): Promise<Drama> {
    const database = await createTestDatabase();
    const stage = new Stage({ url: '', adminToken });
    const server = await MortalServer.start(
      {
        DATABASE_URL: database.url,
        ADMIN_TOKEN: adminToken,
        META_APP_SECRET: metaAppSecret,
        LOG_LEVEL: 'fatal',
        // Another server takes the lanes of a dead one when their leases end, which last as long as a POST may.
        DELIVERY_TIMEOUT_MS: '1000',
      },
      failpoints,
      (running) => (stage.server = running),
    );
    const marketing = await stage.addBot('2100000000000011');
    const support = await stage.addBot('2200000000000022');
    const routing = { defaultApp: support };
    const page = await stage.addPage('104700000000001', [[marketing], [support]], {
      messenger: routing,
      instagram: routing,
    });
    const route = { receiving_app_id: marketing.id, ...springAdRoute };
    await stage.ask('PUT', `/api/v1/pages/${page.id}/routes/ads/${springAd}`, route);
    return new Drama(database, server, stage, page, marketing, support, openPool(database.url));
  }

  async close(): Promise<void> {
    await this.server.stop();
    await this.stage.close();
    await this.pool.end();
    await this.database.drop();
  }

  newPerson(channel: Channel): Person {
    const person = new Person(this.stage, this.page, channel, 'platform');
    this.people.push(person);
    this.acknowledged.set(person, []);
    return person;
  }

  /** The platform reports something, with the same bytes again and again until it is answered 200. */
  async report(person: Person, content: (mid: string) => string, at = Date.now()): Promise<void> {
    const sent = this.acknowledged.get(person) ?? [];
    const item = person.item(
      at,
      content(`${person.channel === 'instagram' ? 'aWdf' : 'm_'}${person.psid}_${sent.length}`),
    );
    const body = person.envelope(at, { field: 'messaging', item });
    await this.insist(async (url) => {
      const status = await postWebhook(url, body);
      if (status === 200) return true;
      expect(status).toBe(503);
      return false;
    });
    sent.push(item);
  }

  /** Makes a call until it has an answer, through the server's death if need be. */
  async insist<Answer>(call: (serverUrl: string) => Promise<Answer | false>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      if (attempt === 2) this.resent += 1;
      const server = await this.server.running();
      try {
        const answer = await call(server.url);
        if (answer !== false) return answer;
      } catch (error) {
        if (!isBrokenOff(error)) throw error;
        await this.server.after(server);
      }
    }
  }

  /** The marketing app passes the thread, and asks again when the answer did not come. */
  async pass(person: Person): Promise<void> {
    const answer = await this.insist(() =>
      this.marketing.on(this.page).post('/v12.0/me/pass_thread_control', { recipient: person.recipient }),
    );
    // Of a call whose answer was lost, the next one says that the caller is no longer the owner.
    if (answer.status !== 200) expect([2018151, 2534037]).toContain(answer.body.error.error_subcode);
  }

  /** Everybody comes through the ad at once; each one's events are sent one after the other. */
  async play(): Promise<void> {
    const people = Array.from({ length: peopleCount }, (_, index) =>
      this.newPerson(index % 3 === 0 ? 'instagram' : 'messenger'),
    );
    await Promise.all(
      people.map(async (person) => {
        await this.report(person, (mid) => tapAd.content(mid, person));
        await this.report(person, (mid) => writeAfterTap('Is it still on?').content(mid, person));
        await this.report(person, (mid) => write('Hello?').content(mid, person));
        await this.pass(person);
        await this.report(person, (mid) => write('Who is there?').content(mid, person));
        await this.report(person, (mid) => write('Thanks').content(mid, person));
      }),
    );
  }

  /** What the senders know, what the receivers got, and the log agree. */
  async expectNothingLost(): Promise<void> {
    for (const person of this.people) {
      await this.report(person, (mid) => `"read":{"mid":"${mid}"}`);
      const marks = this.acknowledged.get(person) ?? [];
      const mark = marks.at(-1) ?? '';
      for (const { receiver, id } of this.stage.bots) {
        await receiver.waitFor(`the mark ${mark} for app ${id}`, (posts) =>
          posts.find(({ body }) => body.includes(mark)),
        );
        expect(receiver.faults).toEqual([]);
      }
      // Each event once, in the order in which it was sent.
      const events = await person.events();
      const fromPerson = events.filter(({ type }) => type.startsWith('user.'));
      expect(fromPerson.map(({ payload }) => payload)).toEqual(marks.map((item) => JSON.parse(item)));
      await expectOneStory(person, new LogStore(this.pool));
    }
  }

  /** Waits until the server has written down that everything about these people is delivered. */
  async untilSaved(people: readonly Person[]): Promise<void> {
    const lanes = people.map(({ page, psid }) => laneOf({ pageId: page.id, psid }));
    for (;;) {
      const { rowCount } = await this.pool.query(
        'select from cursor join lane using (lane) where lane = any($1) and cursor.last_id < lane.last_id',
        [lanes],
      );
      if (rowCount === 0) return;
    }
  }

  /** How many deliveries some app got more than once. */
  repeated(): number {
    return this.stage.bots
      .map(({ receiver }) => receiver.posts.length - new Set(receiver.posts.map(({ deliveryId }) => deliveryId)).size)
      .reduce((sum, count) => sum + count, 0);
  }
}

/** Whether a call ended because the connection did. By its words: fetch's errors are not of the test's own realm. */
function isBrokenOff(error: unknown): boolean {
  return /^TypeError: (fetch failed|terminated)$/.test(String(error));
}

/** Plays a scene with a server and a database of its own. */
async function perform(failpoints: string, scene: (drama: Drama) => Promise<void>): Promise<void> {
  const drama = await Drama.open(failpoints);
  try {
    await scene(drama);
  } finally {
    await drama.close();
  }
}

it.each([
  ['before the commit', 'ingest.beforeCommit=4'],
  ['between commit and answer', 'ingest.afterCommit=4'],
  ['between commit and delivery', 'deliver.beforePost=20'],
  ['between delivery and cursor', 'deliver.afterPost=20'],
])('dies %s: nothing is lost, nothing happens twice, the order is kept', (where, failpoint) =>
  perform(failpoint, async (drama) => {
    await drama.play();
    expect(drama.server.deaths.map(({ signal }) => signal)).toEqual(['SIGKILL']);
    await drama.expectNothingLost();
    for (const person of drama.people) {
      expect(await person.thread()).toMatchObject({ state: 'passed', owner_app_id: drama.support.id, version: 2 });
    }
    if (where === 'between delivery and cursor') expect(drama.repeated()).toBeGreaterThan(0);
    if (where === 'between commit and answer') expect(drama.resent).toBeGreaterThan(0);
  }),
);

it('dies while an app is slow with some threads: what it had not acknowledged is not taken for delivered', () =>
  perform('', async (drama) => {
    const { receiver } = drama.support;
    const isSlow = (psid: string) => Number(psid.at(-1)) % 4 === 0;
    receiver.answer = ({ people }) => (people.some(isSlow) ? 'hang' : 200);
    await drama.play();
    const prompt = drama.people.filter(({ psid }) => !isSlow(psid));
    expect(prompt.length).toBeLessThan(drama.people.length);
    await drama.untilSaved(prompt);
    await drama.server.kill();
    receiver.answer = () => 200;
    await drama.expectNothingLost();
  }));

it('dies again and again, wherever it happens to be', () =>
  perform('', async (drama) => {
    for (let act = 1; act <= 2; act++) {
      const playing = drama.play();
      await drama.support.receiver.waitFor('the middle of the act', (posts) => posts.length >= 40 * act);
      await drama.server.kill();
      await playing;
    }
    expect(drama.server.deaths).toHaveLength(2);
    await drama.expectNothingLost();
  }));

it('dies before a deadline: the thread is released all the same, once, at its time, and silently', () =>
  perform('timers.beforeFire', async (drama) => {
    const { stage } = drama;
    const [silent, writing] = [drama.newPerson('messenger'), drama.newPerson('instagram')];
    for (const person of [silent, writing]) {
      await drama.report(person, (mid) => tapAd.content(mid, person));
      await drama.report(person, (mid) => writeAfterTap('Is it still on?').content(mid, person));
    }
    await stage.advance('23h');
    await drama.report(writing, (mid) => write('Still here').content(mid, writing), await stage.now());
    const { expires_at: deadline } = await silent.thread();

    const dying = await drama.server.running();
    expect(isBrokenOff(await stage.advance('1h').catch((error: unknown) => error))).toBe(true);
    expect(await dying.exited).toMatchObject({ signal: 'SIGKILL' });
    await drama.server.running();
    // Whatever the timers have done by now, everybody is told how it stands.
    expect(await silent.thread()).toMatchObject({ state: 'released', effective_owner_app_id: drama.support.id });
    expect(await silent.ownerAsToldTo(drama.marketing)).toBeNull();
    // Time moves on only when everything due is done.
    await stage.advance('1s');

    const expired = (await silent.events()).filter(({ type }) => type === 'control.expired');
    expect(expired.map(({ at, state, notices }) => ({ at, state, notices }))).toEqual([
      { at: deadline, state: 'released', notices: [] },
    ]);
    expect((await writing.events()).map(({ type }) => type)).not.toContain('control.expired');
    expect(await writing.thread()).toMatchObject({ state: 'marketing-owned', owner_app_id: drama.marketing.id });
    await drama.report(silent, (mid) => write('Hello again').content(mid, silent), await stage.now());
    await drama.expectNothingLost();
    expect(await silent.thread()).toMatchObject({ state: 'default-owned', owner_app_id: drama.support.id });
  }));
