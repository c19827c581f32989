import { laneCount, laneOf } from '../../src/domain/ids.js';
import { type Progress, CursorStore } from '../../src/store/cursor.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { acknowledged, DeliveryStage, eventsOf, textsByPerson, until } from '../support/delivery.js';
import { marketing, person, shop, support, threadOf } from '../support/instance.js';

const people = Array.from({ length: 40 }, (_, index) => index + 1);

/** A store whose database can be taken away from one instance while the others keep it. */
class FailingCursorStore extends CursorStore {
  saves = true;
  renews = true;

  override save(progress: Progress): Promise<number[]> {
    return this.saves ? super.save(progress) : Promise.reject(new Error('the database is away'));
  }

  override renew(...args: Parameters<CursorStore['renew']>): Promise<number[]> {
    return this.renews ? super.renew(...args) : Promise.reject(new Error('the database is away'));
  }

  override release(...args: Parameters<CursorStore['release']>): Promise<void> {
    return this.renews ? super.release(...args) : Promise.reject(new Error('the database is away'));
  }
}

let database: TestDatabase;
let stage: DeliveryStage;

beforeEach(async () => {
  database = await createTestDatabase();
  stage = await DeliveryStage.open(database.url);
});

afterEach(async () => {
  expect(stage.support.faults).toEqual([]);
  await stage.close();
  await database.drop();
});

describe('two instances', () => {
  it('share the lanes, and each delivers what either of them commits', async () => {
    const other = await stage.openCore();
    const first = stage.dispatch();
    await until('the first has all lanes', () => first.laneCount === laneCount);
    const second = stage.dispatch({}, { core: other });
    await until('both have their share', () => first.laneCount === 128 && second.laneCount === 128);
    const texts = await stage.writeMany(people, 4);
    for (const [number, more] of await stage.writeMany(people, 4, other)) texts.get(number)?.push(...more);
    await until('support has everything', () => acknowledged(stage.support) === 320);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    // Nothing failed, so nothing was repeated.
    expect(stage.support.posts).toHaveLength(320);
  });

  it('hand over at once when one of them stops', async () => {
    const other = await stage.openCore();
    const first = stage.dispatch({ leaseMs: 60_000 });
    await until('the first has all lanes', () => first.laneCount === laneCount);
    const texts = await stage.writeMany(people, 3);
    await until('support has everything', () => acknowledged(stage.support) === 120);
    await first.stop();
    const second = stage.dispatch({ leaseMs: 60_000 }, { core: other });
    await until('the second has all lanes', () => second.laneCount === laneCount);
    for (const [number, more] of await stage.writeMany(people, 3)) texts.get(number)?.push(...more);
    await until('support has everything', () => acknowledged(stage.support) === 240);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    expect(stage.support.posts).toHaveLength(240);
  });

  it('repeat nothing when one of them stops while much is queued', async () => {
    const texts = await stage.writeMany(people, 10);
    // One app takes batches and is ahead of the other, so that rows are delivered in part.
    await stage.configure(marketing, stage.marketing, 100);
    const first = stage.dispatch({ concurrencyMax: 1, leaseMs: 60_000 });
    await until('marketing has much', () => acknowledged(stage.marketing) > 200);
    await first.stop();
    stage.dispatch({ leaseMs: 60_000 }, { core: await stage.openCore() });
    await until('both have everything', () => acknowledged(stage.support) + acknowledged(stage.marketing) === 800);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    expect(eventsOf(stage.support.posts)).toHaveLength(400);
    expect(eventsOf(stage.marketing.posts)).toHaveLength(400);
  });

  it('take over from one that no longer prolongs its leases', async () => {
    const cursors = new FailingCursorStore(stage.core.hotPool);
    const first = stage.dispatch({ timeoutMs: 2_000, leaseMs: 4_000 }, { cursors });
    await until('the first has all lanes', () => first.laneCount === laneCount);
    const texts = await stage.writeMany(people, 3);
    await until('support has everything', () => acknowledged(stage.support) === 120);

    cursors.renews = false;
    cursors.saves = false;
    const second = stage.dispatch({}, { core: await stage.openCore() });
    for (const [number, more] of await stage.writeMany(people, 3)) texts.get(number)?.push(...more);
    await until('the second has all lanes', () => second.laneCount === laneCount);
    for (const [number, more] of await stage.writeMany(people, 3)) texts.get(number)?.push(...more);
    await until('support has everything', () => acknowledged(stage.support) === 360);
    await until('the positions are saved', () => stage.isSaved());
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
  });

  it('carry what waits and what is owed over to the next holder', async () => {
    let down = true;
    stage.support.answer = () => (down ? 500 : 200);
    const first = stage.dispatch();
    const texts = await stage.writeMany(people, 5);
    await until('everything is written down', () => stage.isSaved());
    expect(await stage.count('owed')).toBeGreaterThan(0);
    expect(await stage.count('stalled')).toBeGreaterThan(0);
    await first.stop();

    down = false;
    const second = stage.dispatch({}, { core: await stage.openCore() });
    await until('support has everything', () => acknowledged(stage.support) === 200);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
    expect(stage.support.posts.filter(({ answer }) => answer === 200)).toHaveLength(200);
    await until('nothing is owed', async () => (await stage.count('owed')) + (await stage.count('stalled')) === 0);
    expect(second.statuses()).toContainEqual(expect.objectContaining({ appId: support, alarm: 'none' }));
  });
});

describe('a crash', () => {
  it('repeats at most what was acknowledged since the last save, with the same ids and bytes', async () => {
    const cursors = new FailingCursorStore(stage.core.hotPool);
    const first = stage.dispatch({ holder: 'the one' }, { cursors });
    const texts = await stage.writeMany(people, 3);
    await until('support has everything', () => acknowledged(stage.support) === 120);
    await until('the positions are saved', () => stage.isSaved());
    const saved = new Set(stage.support.posts.map(({ deliveryId }) => deliveryId));

    cursors.saves = false;
    for (const [number, more] of await stage.writeMany(people, 2)) texts.get(number)?.push(...more);
    await until('support has everything', () => acknowledged(stage.support) === 200);
    cursors.renews = false;
    await first.stop();

    const before = stage.support.posts.length;
    // The same name: a restart of this instance, which need not wait for the end of its own leases.
    stage.dispatch({ holder: 'the one' });
    for (const [number, more] of await stage.writeMany(people, 1)) texts.get(number)?.push(...more);
    await until('support has everything', () => acknowledged(stage.support) === 240);
    await until('the positions are saved', () => stage.isSaved());
    expect(textsByPerson(stage.support.posts)).toEqual(texts);

    const known = new Map(stage.support.posts.slice(0, before).map(({ deliveryId, body }) => [deliveryId, body]));
    const repeated = stage.support.posts.slice(before).filter(({ deliveryId }) => known.has(deliveryId));
    expect(repeated).toHaveLength(80);
    for (const { deliveryId, body } of repeated) {
      expect(saved.has(deliveryId)).toBe(false);
      expect(body).toBe(known.get(deliveryId));
    }
  });
});

describe('a crash while a delivery is under way', () => {
  it('finds the position before it, and sends it again', async () => {
    const cursors = new FailingCursorStore(stage.core.hotPool);
    const first = stage.dispatch({ holder: 'the one', timeoutMs: 5_000, leaseMs: 30_000 }, { cursors });
    stage.support.answer = (post) => (post.people.includes(person(1)) ? 'hang' : 200);
    const texts = await stage.writeMany([1, 2, 3], 2);
    await stage.support.waitFor('the delivery', (posts) => posts.some(({ answer }) => answer === 'hang'));
    // Written after it, and saved: a save has had the chance to pass the one under way.
    await stage.write(2).then((text) => texts.get(2)?.push(text));
    const store = new CursorStore(stage.core.readPool);
    await until('a later row is saved', async () => (await store.positions())[laneOf(threadOf(2))] === 3);
    expect((await store.positions())[laneOf(threadOf(1))]).toBe(0);
    cursors.saves = false;
    cursors.renews = false;
    await first.stop();

    stage.support.answer = () => 200;
    stage.dispatch({ holder: 'the one' });
    await until('support has everything', () => acknowledged(stage.support) === 7);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
  });
});

describe('what an earlier holder wrote down', () => {
  it('is all delivered when a thread waits, and rows before and after its own are owed', async () => {
    const lane = laneOf(threadOf(1));
    const other = Array.from({ length: 10_000 }, (_, n) => n + 2).find((n) => laneOf(threadOf(n)) === lane)!;
    // Rows 1 to 6 of the lane: of the first thread 2 and 4, of the second the others.
    const texts = new Map<number, string[]>([
      [1, []],
      [other, []],
    ]);
    for (const author of [other, 1, other, 1, other, other]) texts.get(author)?.push(await stage.write(author));
    const store = new CursorStore(stage.core.hotPool);
    const claimed = await store.claim('one', [], laneCount, 60_000);
    const lease = claimed.find((each) => each.lane === lane)!;
    await store.save({
      positions: [{ lane, epoch: lease.epoch, lastId: 6 }],
      // Row 2 failed, and row 4 was passed over because of it.
      stalled: [
        {
          lane,
          appId: support,
          pageId: shop,
          psid: person(1),
          firstId: 2,
          skippedThrough: 4,
          attempts: 1,
          failingSince: Date.now(),
          nextAttemptAt: 0,
          lastError: 'answered 500',
        },
      ],
      recovered: [],
      // Row 3 was under way when the app stopped following the lane at row 5: it came back and goes first.
      owed: [
        { lane, appId: support, firstId: 3 - 10 ** 15, ids: [3] },
        { lane, appId: support, firstId: 5, ids: [5, 6] },
      ],
      trimmed: [],
      deadLetters: [],
    });
    await store.release(claimed);
    texts.get(other)?.shift(); // settled before

    stage.dispatch();
    await until('nothing waits', async () => (await stage.count('owed')) + (await stage.count('stalled')) === 0);
    expect(textsByPerson(stage.support.posts)).toEqual(texts);
  });
});

describe('the cursor', () => {
  const stalled = (lane: number) => ({
    lane,
    appId: support,
    pageId: shop,
    psid: person(1),
    firstId: 5,
    skippedThrough: 5,
    attempts: 1,
    failingSince: 0,
    nextAttemptAt: 0,
    lastError: 'answered 500',
  });
  const progress = (lane: number, epoch: number): Progress => ({
    positions: [{ lane, epoch, lastId: 9 }],
    stalled: [stalled(lane)],
    recovered: [],
    owed: [{ lane, appId: support, firstId: 7, ids: [7, 8] }],
    trimmed: [],
    deadLetters: [],
  });

  it('is not moved, and nothing beside it written, by who has lost the lease', async () => {
    const store = new CursorStore(stage.core.hotPool);
    const [mine, kept] = await store.claim('one', [], 2, 60_000);
    if (mine === undefined || kept === undefined) throw new Error('no lane was free');
    await store.release([mine]);
    const [theirs] = await store.claim('two', [], 1, 60_000);
    expect(theirs).toMatchObject({ lane: mine.lane, epoch: mine.epoch + 1, lastId: 0 });

    const both = { ...progress(mine.lane, mine.epoch), stalled: [stalled(mine.lane), stalled(kept.lane)] };
    const saved = await store.save({
      ...both,
      positions: [...both.positions, { lane: kept.lane, epoch: kept.epoch, lastId: 9 }],
    });
    expect(saved).toEqual([kept.lane]);
    expect((await store.positions())[mine.lane]).toBe(0);
    expect((await store.positions())[kept.lane]).toBe(9);
    expect(await stage.count('owed')).toBe(0);
    expect((await store.listStalled({}, 10)).map(({ lane }) => lane)).toEqual([kept.lane]);
    expect(await store.renew([mine], 60_000)).toEqual([]);
    expect(await store.renew([kept], 60_000)).toEqual([kept.lane]);
  });

  it('takes the same progress twice when the outcome of the first save is unknown', async () => {
    const store = new CursorStore(stage.core.hotPool);
    const [lease] = await store.claim('one', [], 1, 60_000);
    if (lease === undefined) throw new Error('no lane was free');
    await store.save(progress(lease.lane, lease.epoch));
    await store.save(progress(lease.lane, lease.epoch));
    expect(await store.findOwed(lease.lane, support, [])).toMatchObject({ firstId: 7, ids: [7, 8] });

    const trim = (throughId: number): Progress => ({
      ...progress(lease.lane, lease.epoch),
      stalled: [],
      owed: [],
      trimmed: [{ lane: lease.lane, appId: support, firstId: 7, throughId }],
    });
    await store.save(trim(7));
    expect(await store.findOwed(lease.lane, support, [])).toMatchObject({ firstId: 7, ids: [8] });
    await store.save(trim(8));
    expect(await store.findOwed(lease.lane, support, [])).toBeNull();
  });

  it('is claimed by whoever comes after the end of a lease, not before', async () => {
    const store = new CursorStore(stage.core.hotPool);
    const claimed = await store.claim('one', [], laneCount, 60_000);
    expect(claimed).toHaveLength(laneCount);
    expect(await store.claim('two', [], laneCount, 60_000)).toEqual([]);
    await stage.core.hotPool.query(
      `update cursor set lease_until = clock_timestamp() - interval '1 ms' where lane < 3`,
    );
    expect((await store.claim('two', [], laneCount, 60_000)).map(({ lane }) => lane)).toEqual([0, 1, 2]);
  });
});
