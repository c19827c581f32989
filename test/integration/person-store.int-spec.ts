import type { Core } from '../../src/core.js';
import { PersonStore } from '../../src/store/person.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import type { Submission } from '../../src/routing/submission.js';
import {
  configureShop,
  marketing,
  openInstance,
  shop,
  submit,
  support,
  threadOf,
  userEvent,
} from '../support/instance.js';

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
    expect(await new PersonStore(one.dataSource).erase(key, one.clock.now())).toBe(true);
    expect(await new PersonStore(one.dataSource).erase(key, one.clock.now())).toBe(false);

    for (const core of [one, other]) {
      await expect(core.router.dispatch(submit(key, { type: 'operator.release' }))).resolves.toEqual({
        result: 'unknown_person',
      });
    }
    // What they write later begins a thread that knows nothing of the one before.
    await expect(writes(other, 'm3')).resolves.toMatchObject({
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
    await new PersonStore(one.dataSource).erase(erased, one.clock.now());
    expect(await other.log.findThread(left)).toMatchObject({ version: 1 });
    expect(await other.log.findThread(erased)).toBeNull();
  });

  it('is not undone by what the platform delivers again, wherever it comes in', async () => {
    const key = threadOf(4);
    const message = (mid: string, occurredAt: number): Submission => ({
      ...submit(key, userEvent('user.message', key, mid), mid),
      events: [{ event: userEvent('user.message', key, mid), sourceId: mid, occurredAt }],
    });
    const wrote = one.clock.now();
    await other.router.dispatch(message('before', wrote));
    await new PersonStore(one.dataSource).erase(key, one.clock.now());
    const started = await openInstance(database.url);
    for (const core of [one, other, started]) {
      await expect(core.router.dispatch(message('before', wrote))).resolves.toEqual({ result: 'erased' });
    }
    await started.close();
    await other.quarantine.add(
      [
        { reason: 'stale', pageId: shop, payload: `{"sender":{"id":"${key.psid}"},"timestamp":${wrote}}` },
        { reason: 'stale', pageId: shop, payload: `{"sender":{"id":"1${key.psid}"},"timestamp":${wrote}}` },
      ],
      wrote,
    );
    expect(await one.dataSource.query('select payload from quarantine')).toEqual([
      { payload: expect.stringContaining(`"1${key.psid}"`) },
    ]);

    const later = one.clock.now() + 1;
    await expect(other.router.dispatch(message('after', later))).resolves.toMatchObject({
      result: 'applied',
      thread: { version: 1 },
    });
    // Also once they are known again.
    await expect(one.router.dispatch(message('before', wrote))).resolves.toEqual({ result: 'erased' });
    expect(await one.log.rowsOfThread(key, 0, 10)).toHaveLength(1);
  });
});
