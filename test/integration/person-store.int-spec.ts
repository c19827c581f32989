import type { Core } from '../../src/core.js';
import { PersonStore } from '../../src/store/person.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { configureShop, marketing, openInstance, submit, support, threadOf, userEvent } from '../support/instance.js';

describe('erasing a person', () => {
  let database: TestDatabase;
  let one: Core;
  let other: Core;

  beforeAll(async () => {
    database = await createTestDatabase();
    one = await openInstance(database.url);
    other = await openInstance(database.url);
    await configureShop(one);
    await other.configuration.refresh();
  });
  afterAll(async () => {
    await one.close();
    await other.close();
    await database.drop();
  });

  it('is noticed by every instance that knew the person, and makes them new', async () => {
    const key = threadOf(1);
    const writes = (core: Core, mid: string) =>
      core.router.dispatch(submit(key, userEvent('user.message', key, mid), mid));
    await writes(one, 'm1');
    await writes(other, 'm2');
    await one.router.dispatch(submit(key, { type: 'operator.pass', targetAppId: marketing }));
    expect(await new PersonStore(one.dataSource).erase(key)).toBe(true);
    expect(await new PersonStore(one.dataSource).erase(key)).toBe(false);

    for (const core of [one, other]) {
      await expect(core.router.dispatch(submit(key, { type: 'operator.release' }))).resolves.toEqual({
        result: 'unknown_person',
      });
    }
    // What they write later, even the same message again, begins a thread that knows nothing of the one before.
    await expect(writes(other, 'm1')).resolves.toMatchObject({
      result: 'applied',
      thread: { version: 1, ownerAppId: support, previousOwnerAppId: null },
    });
    expect(await one.log.rowsOfThread(key, 0, 10)).toHaveLength(1);
  });

  it('leaves nobody else out', async () => {
    const [erased, left] = [threadOf(2), threadOf(3)];
    for (const key of [erased, left]) {
      await one.router.dispatch(submit(key, userEvent('user.message', key, `m-${key.psid}`)));
    }
    await new PersonStore(one.dataSource).erase(erased);
    expect(await other.log.findThread(left)).toMatchObject({ version: 1 });
    expect(await other.log.findThread(erased)).toBeNull();
  });
});
