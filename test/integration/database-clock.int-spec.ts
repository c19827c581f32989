import pg from 'pg';
import { laneCount } from '../../src/domain/ids.js';
import { CursorStore } from '../../src/store/cursor.store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { acknowledged, DeliveryStage, textsByPerson, until } from '../support/delivery.js';
import { person, springAd, submit, support, threadOf, userEvent } from '../support/instance.js';

/* The clock that everything follows is the database's. Here somebody sets it. */
const people = Array.from({ length: 20 }, (_, index) => index + 1);

let database: TestDatabase;
let stage: DeliveryStage;

/** Sets the database's clock so far ahead of the right time, or back. */
async function set(by: string): Promise<void> {
  await stage.core.readPool.query('update clock_shift set by = $1', [by]);
}

beforeEach(async () => {
  database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  // Found before PostgreSQL's own function of this name, by everybody.
  await client.query(`
    create table clock_shift (by interval not null);
    insert into clock_shift values ('0');
    create function clock_timestamp() returns timestamptz language sql volatile
      as 'select pg_catalog.clock_timestamp() + by from public.clock_shift';
    alter database ${client.database ?? ''} set search_path = public, pg_catalog`);
  await client.end();
  stage = await DeliveryStage.open(database.url);
});
afterEach(async () => {
  await stage.close();
  await database.drop();
});

it('is an hour ahead and an hour back: everything arrives in order, and nothing is committed twice', async () => {
  const other = await stage.openCore();
  const first = stage.dispatch();
  const second = stage.dispatch({}, { core: other });
  await until('both have their share', () => first.laneCount === 128 && second.laneCount === 128);
  const texts = await stage.writeMany(people, 2);
  for (const by of ['1 hour', '-1 hour', '0']) {
    await set(by);
    for (const core of [stage.core, other]) {
      for (const [number, more] of await stage.writeMany(people, 2, core)) texts.get(number)?.push(...more);
    }
  }
  const written = people.length * 14;
  await until('support has everything', () => acknowledged(stage.support) === written);
  expect(textsByPerson(stage.support.posts)).toEqual(texts);
  const { rows } = await stage.core.readPool.query(`select count(*)::int as rows from log where type = 'user.message'`);
  expect(rows).toEqual([{ rows: written }]);
});

it('is set back after an instance has died: all its lanes are taken over, and not in an hour', async () => {
  await set('1 hour');
  const cursors = new CursorStore(stage.core.hotPool);
  await cursors.announce('the dead one', 1_000);
  expect(await cursors.claim('the dead one', [], laneCount, 4_000)).toHaveLength(laneCount);
  await set('0');
  const dispatcher = stage.dispatch();
  await until('the lanes are taken over', () => dispatcher.laneCount === laneCount);
});

it('passes a deadline and goes back before it: the thread is released once, and lives on', async () => {
  const key = threadOf(1);
  const tap = userEvent('user.referral', key, 'm_tap', { referral: { adId: springAd, ref: 'spring' } });
  expect(await stage.core.router.dispatch(submit(key, tap))).toMatchObject({ result: 'applied' });
  const expired = async () => {
    const { rows } = await stage.core.readPool.query<{ n: number }>(
      `select count(*)::int as n from log where psid = $1 and type = 'control.expired'`,
      [person(1)],
    );
    return rows[0]?.n;
  };
  await set('25 hours');
  await (await stage.openCore()).timers.tick();
  expect(await expired()).toBe(1);
  await set('0');
  const back = await stage.openCore();
  await back.timers.tick();
  await stage.core.timers.tick();
  expect(await expired()).toBe(1);
  await stage.write(1, back);
  expect(await back.log.findThread(key)).toMatchObject({ state: 'default-owned', ownerAppId: support });
});
