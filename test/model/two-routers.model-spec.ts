import fc from 'fast-check';
import { psid, type Psid } from '../../src/domain/ids.js';
import type { LogRow } from '../../src/domain/log.js';
import { newThread } from '../../src/domain/thread/thread.js';
import { configureCast, connect, setDefaultApp } from '../support/cast.js';
import { openClockedInstance, type ClockedInstance } from '../support/clocked-instance.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { FakeClock } from '../support/fake-clock.js';
import { foldLog } from '../support/fold.js';
import { day, desk, marketing, newYear, shop } from '../support/thread-fixtures.js';
import { beginning, stepsFrom, type Step } from '../support/thread-model.js';

/*
 * Random events of a few persons, sent through two instances at once: whatever the order in which the database takes
 * them, each thread has one owner at a time, its versions have no gap, and its log folds to it. A failure prints its seed
 * and the shortest events found that show it.
 */

/** A step of one of the persons through one of the instances, several of which are under way at once. */
interface Move {
  readonly person: number;
  readonly router: number;
  readonly step: Step;
}

const known = { ...beginning, thread: { ...beginning.thread, ownerAppId: marketing, lastAt: 1 } };
const steps = stepsFrom(known);
const move: fc.Arbitrary<Move> = fc.record({
  person: fc.nat(2),
  router: fc.nat(1),
  step: fc.constantFrom(...steps.filter((step) => 'event' in step)),
});
const forAll = fc.constantFrom(...steps.filter((step) => !('event' in step)));
const round = fc.oneof(
  { weight: 6, arbitrary: fc.array(move, { minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: forAll },
);

describe('two instances on one database', () => {
  let database: TestDatabase;
  let instances: ClockedInstance[];
  let first: ClockedInstance;
  const clock = new FakeClock(newYear);
  let people = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    first = await openClockedInstance(database.url, clock);
    await configureCast(first.configStore);
    instances = [first, await openClockedInstance(database.url, clock)];
  });
  afterAll(async () => {
    for (const instance of instances) await instance.close();
    await database.drop();
  });

  it('agree on every thread', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 5, maxLength: 25 }), async (rounds) => {
        const persons = [1, 2, 3].map(() => psid(String(7_000_000_000_000_000 + ++people)));
        await setDefaultApp(first.configStore, desk);
        let moves = 0;
        for (const each of rounds) {
          clock.advance(Array.isArray(each) ? 1 : 'waitMs' in each ? each.waitMs : day / 3);
          if (Array.isArray(each)) {
            await Promise.all(each.map((one) => dispatch(one, persons[one.person] as Psid, ++moves)));
          } else await happenToAll(each);
        }
        for (const person of persons) await expectSound(person);
      }),
      { seed: 20_260_104, numRuns: 40 },
    );
  });

  async function dispatch({ router, step }: Move, person: Psid, number: number): Promise<void> {
    if (!('event' in step)) return;
    const outcome = await (instances[router] as ClockedInstance).router.dispatch({
      key: { pageId: shop, psid: person },
      channel: null,
      cause: { by: 'system' },
      events: [{ event: step.event, sourceId: `${person}:${number}`, occurredAt: null }],
    });
    expect(['applied', 'refused', 'unknown_person']).toContain(outcome.result);
  }

  async function happenToAll(step: Step): Promise<void> {
    if ('newDefaultAppId' in step) await setDefaultApp(first.configStore, step.newDefaultAppId);
    if ('disconnect' in step) await first.configStore.deleteConnection(shop, step.disconnect);
    await Promise.all(instances.map((instance) => instance.timers.tick()));
    if ('disconnect' in step) await connect(first.configStore, step.disconnect);
  }

  async function expectSound(person: Psid): Promise<void> {
    const key = { pageId: shop, psid: person };
    const rows = await first.log.rowsOfThread(key, 0, 1000);
    const thread = await first.log.findThread(key);
    if (rows.length === 0) return expect(thread).toBeNull();
    expect(foldLog(rows)).toEqual(thread);

    let before: Pick<LogRow, 'id' | 'at' | 'thread'> = { id: 0, at: 0, thread: newThread(shop, person, 'messenger') };
    for (const row of rows) {
      const moved = row.thread.state !== before.thread.state || row.thread.ownerAppId !== before.thread.ownerAppId;
      expect(row.thread.version).toBe(before.thread.version + (moved ? 1 : 0));
      expect(row.id).toBeGreaterThan(before.id);
      expect(row.at).toBeGreaterThanOrEqual(before.at);
      // Who is told that it gets the thread has it then, and nobody else is told so.
      for (const notice of row.notices) {
        if (notice.kind === 'event') continue;
        expect(notice.newOwnerAppId).toBe(row.thread.ownerAppId);
        expect([notice.previousOwnerAppId, null]).toContain(before.thread.ownerAppId);
      }
      before = row;
    }
  }
});
