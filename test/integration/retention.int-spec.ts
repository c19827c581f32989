import type { Core } from '../../src/core.js';
import { openPool } from '../../src/store/data-source.js';
import { CursorStore } from '../../src/store/cursor.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { configureShop, openInstance, shop, submit, support, threadOf, userEvent } from '../support/instance.js';

const dayMs = 24 * 60 * 60 * 1000;

describe('what is too old', () => {
  let database: TestDatabase;
  let one: Core;
  let other: Core;
  let days = 0;

  beforeEach(async () => {
    days = 0;
    database = await createTestDatabase();
    one = await openInstance(database.url);
    other = await openInstance(database.url);
    await configureShop(one);
    await other.configuration.refresh();
  });
  afterEach(async () => {
    await one.close();
    await other.close();
    await database.drop();
  });

  const later = async (more: number) => {
    days += more;
    await one.configStore.setClockOffset(days * dayMs);
    for (const core of [one, other]) await core.configuration.refresh();
  };
  const writes = (number: number, mid: string, core = one) =>
    core.router.dispatch(submit(threadOf(number), userEvent('user.message', threadOf(number), mid), mid));
  const rowsOf = (number: number) => one.log.rowsOfThread(threadOf(number), 0, 100);
  const count = async (table: string) => {
    const [row]: { count: number }[] = await one.dataSource.query(`select count(*)::int as count from ${table}`);
    return row?.count;
  };

  it('loses its text after a month, while the row tells what happened', async () => {
    await writes(1, 'old');
    await later(31);
    await writes(1, 'new');
    await one.retention.removeOld();
    const rows = await rowsOf(1);
    const [old, young] = [rows[0], rows.at(-1)];
    expect(old).toMatchObject({ type: 'user.message', sourceId: 'old', payload: null, payloadRemoved: true });
    expect(old?.thread).toMatchObject({ state: 'default-owned', ownerAppId: support });
    expect(young?.payload).toContain('hello');
    expect(await count(`log where payload like '%hello%'`)).toBe(1);
  });

  it('goes with its day after a quarter, while others are routed', async () => {
    await writes(1, 'old');
    await later(91);
    await writes(2, 'young');
    await one.retention.removeOld();
    expect(await rowsOf(1)).toEqual([]);
    expect(await rowsOf(2)).toHaveLength(1);
    // Who owned the thread is not a matter of its log.
    await expect(writes(1, 'again')).resolves.toMatchObject({ result: 'applied' });
  });

  it('is dropped as soon as nobody reads it, and nobody waits for that', async () => {
    await writes(1, 'old');
    await later(91);
    const pool = openPool(database.url, { poolSize: 1 });
    const reader = await pool.connect();
    await reader.query('begin');
    await reader.query('select count(*) from log');
    const removing = one.retention.removeOld();
    for (let number = 10; number < 40; number++) {
      await expect(writes(number, `m${number}`)).resolves.toMatchObject({ result: 'applied' });
    }
    await reader.query('commit');
    reader.release();
    await removing;
    await pool.end();
    expect(await rowsOf(1)).toEqual([]);
  });

  it('goes by table, each by its own age, however many are removing it', async () => {
    const cursors = new CursorStore(one.hotPool);
    const attempt = { lane: 1, id: 1, notice: 0, appId: support, attempt: 1, status: 500, durationMs: 1, error: 'no' };
    const old = one.clock.now();
    await one.quarantine.add([{ reason: 'test', pageId: shop, payload: '{}' }], old);
    await cursors.recordAttempts(Array.from({ length: 4_500 }, () => ({ ...attempt, at: old })));
    await later(8);
    await cursors.recordAttempts([{ ...attempt, at: one.clock.now() }]);
    await Promise.all([one.retention.removeOld(), other.retention.removeOld()]);
    expect(await count('attempt')).toBe(1);
    expect(await count('quarantine')).toBe(1);
    await later(23);
    await one.retention.removeOld();
    expect(await count('attempt')).toBe(0);
    expect(await count('quarantine')).toBe(0);
  });
});
