import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { acknowledged, DeliveryStage, textsByPerson, until } from '../support/delivery.js';

/* What is dead in the tables stays there: nobody vacuums, and somebody looks at them as they were long ago. */
const people = Array.from({ length: 40 }, (_, index) => index + 1);
const rounds = 25;

let database: TestDatabase;
let stage: DeliveryStage;
let report: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  report = new pg.Client({ connectionString: database.url });
  await report.connect();
  const { rows: tables } = await report.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of tables) await report.query(`alter table ${name} set (autovacuum_enabled = off)`);
  stage = await DeliveryStage.open(database.url);
});
afterEach(async () => {
  await stage.close();
  await report.end();
  await database.drop();
});

/** Pages of the hot tables that a look at each lane and its cursor touches. */
async function pagesPerLook(): Promise<number> {
  const { rows } = await stage.core.readPool.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
    `explain (analyze, buffers, format json)
       select from lane join cursor using (lane) where lane = any(array(select generate_series(0, 255)::smallint))`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan ?? {};
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

it('everything is delivered in order all the same, and what is read each time grows by less than what was written', async () => {
  await report.query('begin transaction isolation level repeatable read');
  await report.query('select count(*) from log');
  stage.dispatch();
  const before = await pagesPerLook();
  const texts = await stage.writeMany(people, rounds);
  await until('support has everything', () => acknowledged(stage.support) === people.length * rounds);
  await until('the positions are saved', () => stage.isSaved());
  expect(textsByPerson(stage.support.posts)).toEqual(texts);
  expect((await pagesPerLook()) - before).toBeLessThan(people.length * rounds);

  // Once the report is done, what is dead goes with the next vacuum, and nothing has to be repaired.
  await report.query('commit');
  await report.query('vacuum lane, cursor, thread');
  for (const [person, more] of await stage.writeMany(people, 1)) texts.get(person)?.push(...more);
  await until('support has everything', () => acknowledged(stage.support) === people.length * (rounds + 1));
  expect(textsByPerson(stage.support.posts)).toEqual(texts);
});
