import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deliveryId, parseDeliveryId } from '../../src/domain/delivery-id.js';
import { laneOf } from '../../src/domain/ids.js';
import { CursorStore } from '../../src/store/cursor.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { acknowledged, DeliveryStage, eventsOf, hourMs, textsByPerson, until } from '../support/delivery.js';
import { marketing, person, shop, support, threadOf } from '../support/instance.js';
import type { ReceivedPost } from '../support/receiver.js';

const people = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const about = (number: number) => (post: Pick<ReceivedPost, 'people'>) => post.people.includes(person(number));

let database: TestDatabase;
let stage: DeliveryStage;

beforeEach(async () => {
  database = await createTestDatabase();
  stage = await DeliveryStage.open(database.url);
});

afterEach(async () => {
  expect(stage.support.faults).toEqual([]);
  expect(stage.marketing.faults).toEqual([]);
  await stage.close();
  await database.drop();
});

describe('on the good path', () => {
  it('delivers everything once to every app, in order per thread', async () => {
    stage.dispatch();
    const texts = await stage.writeMany(people(20), 15);
    await until('both have everything', () => acknowledged(stage.support) + acknowledged(stage.marketing) === 600);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    expect(textsByPerson(stage.marketing.posts)).toEqual(texts);
    expect(stage.support.posts).toHaveLength(300);
    expect(new Set(eventsOf(stage.support.posts).map(({ field }) => field))).toEqual(new Set(['messaging']));
    expect(new Set(eventsOf(stage.marketing.posts).map(({ field }) => field))).toEqual(new Set(['standby']));
    await until('the positions are saved', () => stage.isSaved());
    expect(await stage.count('stalled')).toBe(0);
    expect(await stage.count('owed')).toBe(0);
  });

  it('reads what was committed before it started', async () => {
    const texts = await stage.writeMany(people(10), 5);
    stage.dispatch();
    await until('support has everything', () => acknowledged(stage.support) === 50);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
  });

  it('puts one event into a POST unless the app takes batches', async () => {
    await stage.writeMany(people(30), 10);
    await stage.configure(support, stage.support, 100);
    stage.dispatch({ concurrencyMax: 1 });
    await until('both have everything', () => acknowledged(stage.support) + acknowledged(stage.marketing) === 600);
    expect(Math.max(...stage.marketing.posts.map(({ people }) => people.length))).toBe(1);
    const sizes = stage.support.posts.map(({ people }) => people.length);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    for (const { deliveryId: ids, people: included } of stage.support.posts) {
      expect(ids.split(',')).toHaveLength(included.length);
    }
  });

  it('records every attempt', async () => {
    stage.dispatch();
    await stage.write(1);
    const lane = laneOf(threadOf(1));
    const store = new CursorStore(stage.core.readPool);
    await until('both attempts are recorded', async () => (await store.attempts(lane, [1])).length === 2);
    const attempts = await store.attempts(lane, [1]);
    expect(attempts.map(({ appId }) => appId).sort()).toEqual([marketing, support]);
    expect(attempts[0]).toMatchObject({ lane, id: 1, attempt: 1, status: 200, error: null });
  });
});

describe('an app whose callback is gone', () => {
  const app = async () => (await stage.core.configStore.findApp(support))!;

  it('is paused with the reason, loses nothing, and goes on in order when it is resumed', async () => {
    stage.support.answer = () => 410;
    stage.dispatch();
    const texts = await stage.writeMany(people(5), 2);
    await until('it is paused', async () => (await app()).pausedAt !== null);
    expect((await app()).pauseReason).toMatch(/^Its callback answered 410 Gone/);
    await until('the other app has everything', () => acknowledged(stage.marketing) === 10);
    stage.support.answer = () => 200;
    const later = await stage.writeMany(people(5), 2);
    expect(acknowledged(stage.support)).toBe(0);
    await stage.core.configStore.resumeApp(support);
    await stage.advance(30_000);
    await until('it has everything', () => acknowledged(stage.support) === 20);
    const all = new Map([...texts].map(([person, first]) => [person, [...first, ...(later.get(person) ?? [])]]));
    expect(textsByPerson(stage.support.posts)).toEqual(all);
  });

  it('is not paused for a callback that it no longer has', async () => {
    await stage.core.configStore.pauseGoneApp(support, 'http://127.0.0.1:1/former', 0);
    expect((await app()).pausedAt).toBeNull();
  });
});

describe('a thread that fails', () => {
  it('waits alone, and gets the same bytes under the same id again', async () => {
    let poisoned = true;
    stage.support.answer = (post) => (poisoned && about(1)(post) ? 400 : 200);
    stage.dispatch();
    const texts = await stage.writeMany(people(8), 6);
    await until('everyone else has everything', () => acknowledged(stage.support) === 7 * 6);
    await until('the thread is put aside and the position goes on', () => stage.isSaved());
    expect(await stage.count('stalled')).toBe(1);
    const failed = stage.support.posts.filter(about(1));
    expect(new Set(failed.map(({ body }) => body)).size).toBe(1);

    poisoned = false;
    await stage.advance(30_000);
    await until('its thread follows', () => acknowledged(stage.support) === 8 * 6);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    const [first] = failed;
    const again = stage.support.posts.filter((post) => post.deliveryId === first?.deliveryId);
    expect(new Set(again.map(({ body }) => body)).size).toBe(1);
    expect(again.map(({ attempt }) => attempt)).toEqual(again.map((_, index) => index + 1));
    await until('nothing waits', async () => (await stage.count('stalled')) === 0);

    await stage.write(1);
    await until('it is delivered at once again', () => acknowledged(stage.support) === 8 * 6 + 1);
  });

  it('is found in a batch without holding the others up', async () => {
    await stage.configure(support, stage.support, 100);
    stage.support.answer = (post) => (about(7)(post) ? 500 : 200);
    await stage.writeMany(people(40), 5);
    stage.dispatch({ concurrencyMax: 2 });
    await until('everyone else has everything', () => acknowledged(stage.support) === 39 * 5);
    await until('the thread is put aside', async () => (await stage.count('stalled')) === 1);
    expect(textsByPerson(stage.support.posts).has(7)).toBe(false);
  });

  it('is given up at the horizon; the next delivery tells of the gap, the one after does not', async () => {
    stage.support.answer = (post) => (about(1)(post) ? 400 : 200);
    stage.dispatch();
    await stage.writeMany([1, 2], 3);
    await until('the thread is put aside', async () => (await stage.isSaved()) && (await stage.count('stalled')) === 1);
    await stage.advance(36 * hourMs);
    await until('its messages are dead letters', async () => (await stage.count('dead_letter')) === 3);
    await until('nothing waits', async () => (await stage.count('stalled')) === 0);
    const store = new CursorStore(stage.core.readPool);
    const letters = await store.listDeadLetters({ appId: support }, null, 10);
    expect(letters.map(({ reason }) => reason)).toEqual([
      'not acknowledged in time: answered 400',
      'not acknowledged in time',
      'not acknowledged in time',
    ]);

    const before = stage.support.posts.length;
    await stage.write(2);
    await until('the next delivery came', () => stage.support.posts.length === before + 1);
    await until('the gap counts as told', async () => (await stage.count('dead_letter', 'told_at is null')) === 0);
    await stage.write(2);
    await until('the one after came', () => stage.support.posts.length === before + 2);
    const { incarnation } = stage.core.configuration.current();
    const [first] = letters;
    const gap = `count=3; first=${deliveryId(incarnation, first ?? { lane: 0, id: 0, notice: 0 })}`;
    expect(stage.support.posts.slice(before).map(({ headers }) => headers['x-signalbox-gap'])).toEqual([
      gap,
      undefined,
    ]);
  });

  it('is dropped with a reason when its app is disconnected meanwhile', async () => {
    stage.marketing.answer = (post) => (about(1)(post) ? 400 : 200);
    stage.dispatch();
    await stage.writeMany([1], 2);
    await until('the thread is put aside', async () => (await stage.count('stalled')) === 1);
    const before = stage.marketing.posts.length;
    await stage.core.configStore.deleteConnection(shop, marketing);
    await stage.advance(60_000);
    await until('its deliveries are dropped', async () => (await stage.count('dead_letter')) === 2);
    const store = new CursorStore(stage.core.readPool);
    const letters = await store.listDeadLetters({ appId: marketing }, null, 10);
    expect(letters.map(({ reason }) => reason)).toEqual(Array(2).fill('the app is no longer connected to the page'));
    expect(stage.marketing.posts.filter(({ answer }) => answer === 200)).toHaveLength(0);
    expect(stage.marketing.posts.length - before).toBeLessThanOrEqual(1);
  });
});

describe('an app that fails as a whole', () => {
  it('is owed in blocks while others go on, and gets everything in order when it is back', async () => {
    let down = true;
    stage.support.answer = () => (down ? 500 : 200);
    stage.dispatch();
    const texts = await stage.writeMany(people(40), 10);
    await until('marketing has everything', () => acknowledged(stage.marketing) === 400);
    await until('everything is written down', () => stage.isSaved());
    expect(acknowledged(stage.support)).toBe(0);
    expect(await stage.count('owed')).toBeGreaterThan(0);
    const [backlog] = await new CursorStore(stage.core.readPool).backlogs();
    expect(backlog).toMatchObject({ appId: support });
    const tried = stage.support.posts.length;
    expect(tried).toBeLessThan(60);

    down = false;
    await stage.advance(31_000);
    await until('support has everything', () => acknowledged(stage.support) === 400);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    await until('nothing is owed', async () => (await stage.count('owed')) + (await stage.count('stalled')) === 0);
    // Each was acknowledged once: nothing was repeated that had gone through.
    expect(stage.support.posts.filter(({ answer }) => answer === 200)).toHaveLength(400);

    await stage.writeMany(people(40), 1);
    await until('it follows the log again', () => acknowledged(stage.support) === 440);
    // A lane that was written into a block a moment ago rejoins the log with the next save.
    await until('nothing is owed any more', async () => (await stage.count('owed')) === 0);
  });

  it('is probed by one delivery at a time', async () => {
    stage.support.answer = () => 503;
    stage.dispatch();
    await stage.writeMany(people(40), 2);
    await until('everything is written down', () => stage.isSaved());
    await until('its breaker is open', async () => (await stage.count('owed')) > 0);
    const tried = stage.support.posts.length;
    await stage.advance(0);
    await stage.support.waitFor('a probe', (posts) => posts.length > tried);
    await stage.writeMany(people(40), 1);
    await until('marketing has everything', () => acknowledged(stage.marketing) === 120);
    expect(stage.support.posts.length).toBe(tried + 1);
  });

  it('takes batches again after a failure without losing or disordering any', async () => {
    await stage.configure(support, stage.support, 100);
    let down = true;
    stage.support.answer = () => (down ? 'drop' : 200);
    const texts = await stage.writeMany(people(60), 5);
    stage.dispatch();
    await until('everything is written down', () => stage.isSaved());
    down = false;
    await stage.advance(31_000);
    await until('support has everything', () => acknowledged(stage.support) === 300);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    await until('nothing is owed', async () => (await stage.count('owed')) + (await stage.count('stalled')) === 0);
  });

  it('loses what is past the horizon to dead letters, and is told of it', async () => {
    let down = true;
    stage.support.answer = () => (down ? 'drop' : 200);
    stage.dispatch();
    await stage.writeMany(people(30), 4);
    await until('everything is written down', () => stage.isSaved());
    await stage.advance(37 * hourMs);
    await until('all are dead letters', async () => (await stage.count('dead_letter')) === 120);
    await until('nothing is owed', async () => (await stage.count('owed')) + (await stage.count('stalled')) === 0);
    down = false;
    await stage.write(1);
    await stage.advance(31_000);
    const post = await stage.support.waitFor('the next delivery', (posts) => posts.find((each) => each.answer === 200));
    expect(post.headers['x-signalbox-gap']).toMatch(/^count=120; first=/);
  });

  it('is held while paused by hand, and goes on in order when resumed', async () => {
    await stage.core.configStore.pauseApp(support, stage.core.clock.now(), 'maintenance');
    stage.dispatch();
    const texts = await stage.writeMany(people(10), 5);
    await until('marketing has everything', () => acknowledged(stage.marketing) === 50);
    await until('everything is written down', () => stage.isSaved());
    expect(stage.support.posts).toHaveLength(0);
    await stage.core.configStore.resumeApp(support);
    await until('support has everything', () => acknowledged(stage.support) === 50);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
  });
});

describe('an app that is slow', () => {
  it('does not keep the others waiting, whatever is in memory for it', async () => {
    const held: ServerResponse[] = [];
    let holding = true;
    const received: string[] = [];
    const slow = createServer((request, response) => {
      let body = '';
      request.setEncoding('latin1').on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        received.push(JSON.parse(body).entry[0].messaging[0].message.text);
        if (holding) held.push(response);
        else response.end();
      });
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    try {
      await stage.core.configStore.putApp(support, {
        name: 'Slow bot',
        kind: 'bot',
        batchSizeMax: 1,
        callbackUrl: `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`,
      });
      stage.dispatch({ liveMax: 30, concurrencyMax: 4, timeoutMs: 30_000, leaseMs: 60_000 });
      const texts = await stage.writeMany(people(25), 8);
      await until('marketing has everything', () => acknowledged(stage.marketing) === 200);
      expect(received.length).toBeLessThanOrEqual(4);
      expect(await stage.count('owed')).toBeGreaterThan(0);

      holding = false;
      for (const response of held) response.end();
      await until('the slow one has everything', () => received.length === 200);
      for (const [, inOrder] of texts) {
        expect(received.filter((text) => inOrder.includes(text))).toEqual(inOrder);
      }
    } finally {
      slow.closeAllConnections();
      await new Promise((resolve) => slow.close(resolve));
    }
  });
});

describe('a replay', () => {
  it('sends one delivery again, marked, with its id and bytes', async () => {
    stage.dispatch();
    await stage.writeMany([1], 3);
    await until('support has everything', () => acknowledged(stage.support) === 3);
    const second = stage.support.posts[1];
    const key = parseDeliveryId(second?.deliveryId ?? '');
    if (second === undefined || key === null) throw new Error('there is no second delivery');
    await new CursorStore(stage.core.readPool).requestReplays([{ ...key, appId: support }], stage.core.clock.now());
    const replayed = await stage.support.waitFor('the replay', (posts) => posts[3]);
    expect(replayed.deliveryId).toBe(second.deliveryId);
    expect(replayed.body).toBe(second.body);
    expect(replayed.headers['x-signalbox-replay']).toBe('true');
    await until('the request is done', async () => (await stage.count('replay')) === 0);
    expect(stage.support.posts).toHaveLength(4);
  });

  it('sends a range of dead letters again, in order', async () => {
    let poisoned = true;
    stage.support.answer = (post) => (poisoned && about(1)(post) ? 400 : 200);
    stage.dispatch();
    const texts = await stage.writeMany([1], 25);
    await until('the thread is put aside', async () => (await stage.isSaved()) && (await stage.count('stalled')) === 1);
    await stage.advance(36 * hourMs);
    await until('its messages are dead letters', async () => (await stage.count('dead_letter')) === 25);

    poisoned = false;
    const store = new CursorStore(stage.core.readPool);
    const now = stage.core.clock.now();
    expect(await store.requestReplayOfDeadLetters({ appId: support, until: now - hourMs }, now)).toBe(0);
    expect(await store.requestReplayOfDeadLetters({ appId: support, from: now - hourMs }, now)).toBe(25);
    await until('they arrived', () => acknowledged(stage.support) === 25);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    await until('they are noted', async () => (await stage.count('dead_letter', 'replayed_at is null')) === 0);
    expect(await stage.count('replay')).toBe(0);
  });
});
