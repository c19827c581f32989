import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { acknowledged, DeliveryStage, textsByPerson, until } from '../support/delivery.js';

/* What is dead in the tables stays there: nobody vacuums, and somebody looks at them as they were long ago. */
const people = Array.from({ length: 40 }, (_, index) => index + 1);
const rounds = 10;

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

it('everything is delivered in order all the same, then and after the vacuum', async () => {
  await report.query('begin transaction isolation level repeatable read');
  await report.query('select count(*) from log');
  stage.dispatch();
  const texts = await stage.writeMany(people, rounds);
  await until('support has everything', () => acknowledged(stage.support) === people.length * rounds);
  await until('the positions are saved', () => stage.isSaved());
  expect(textsByPerson(stage.support.posts)).toEqual(texts);

  // Once the report is done, what is dead goes with the next vacuum.
  await report.query('commit');
  await report.query('vacuum lane, cursor, thread');
  for (const [person, more] of await stage.writeMany(people, 1)) texts.get(person)?.push(...more);
  await until('support has everything', () => acknowledged(stage.support) === people.length * (rounds + 1));
  expect(textsByPerson(stage.support.posts)).toEqual(texts);
});
