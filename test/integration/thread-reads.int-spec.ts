import type { Core } from '../../src/core.js';
import { ThreadReads } from '../../src/store/thread-reads.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { configureShop, openInstance, submit, threadOf, userEvent } from '../support/instance.js';

describe('reading who has a thread, by many callers at once', () => {
  let database: TestDatabase;
  let core: Core;

  const people = Array.from({ length: 1200 }, (_, index) => index + 1);
  const write = (person: number, mid: string) =>
    core.router.dispatch(submit(threadOf(person), userEvent('user.message', threadOf(person), mid), mid));

  beforeAll(async () => {
    database = await createTestDatabase();
    core = await openInstance(database.url);
    await configureShop(core);
    await Promise.all(people.map((person) => write(person, `hello-${person}`)));
  });
  afterAll(async () => {
    await core.close();
    await database.drop();
  });

  it('answers each with the thread asked for, whether it is asked for once, twice or does not exist', async () => {
    const asked = [...people, 7, 7, 900_001, ...people.slice(0, 50)];
    const threads = await Promise.all(asked.map((person) => core.log.findThread(threadOf(person))));
    expect(threads.map((thread) => thread?.psid ?? null)).toEqual(
      asked.map((person) => (person === 900_001 ? null : threadOf(person).psid)),
    );
  });

  it('shows everything that was committed before it was asked, however many reads are under way', async () => {
    const newcomers = Array.from({ length: 40 }, (_, index) => 500_000 + index);
    await Promise.all(
      newcomers.map(async (person) => {
        const crowd = people.map((each) => core.log.findThread(threadOf(each)));
        await write(person, `first-${person}`);
        expect(await core.log.findThread(threadOf(person))).not.toBeNull();
        await Promise.all(crowd);
      }),
    );
  });

  it('tells every caller of a database that is away, and reads on when it is back', async () => {
    let away = true;
    const reads = new ThreadReads(
      {
        query: (...args: Parameters<typeof core.readPool.query>) =>
          away ? Promise.reject(new Error('away')) : core.readPool.query(...args),
      } as unknown as typeof core.readPool,
      { prepared: false },
    );
    const failed = await Promise.allSettled(people.map((person) => reads.find(threadOf(person))));
    expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(['rejected']));
    away = false;
    expect(await reads.find(threadOf(1))).toMatchObject({ psid: threadOf(1).psid });
  });
});
