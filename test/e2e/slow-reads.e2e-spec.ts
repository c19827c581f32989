import { write } from '../support/acts.js';
import { metaAppSecret, Person, postWebhook } from '../support/person.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';
import { until } from '../support/delivery.js';
import { asAdmin, testServer } from '../support/test-server.js';

let signalbox: TestSignalbox;
let stage: Stage;
let support: Bot;
let page: StagePage;

beforeAll(async () => {
  signalbox = await startSignalbox({ META_APP_SECRET: metaAppSecret });
  stage = new Stage({ url: signalbox.url, adminToken: signalbox.adminToken.value });
  support = await stage.addBot('2200000000000022');
  page = await stage.addPage('104700000000001', [[support]], { messenger: { defaultApp: support } });
});
afterAll(async () => {
  await stage?.close();
  await signalbox?.stop();
});

it('what people read slowly keeps no event waiting', async () => {
  const { dataSource, readPool } = signalbox.core;
  const at = await stage.now();
  let slow = 0;
  const read = async (query: (sql: string) => Promise<unknown>) => {
    slow += 1;
    await query(`select pg_sleep(600) -- somebody's report`).catch(() => undefined);
    slow -= 1;
  };
  const reads = Array.from({ length: 100 }, (_, n) =>
    read((sql) => (n % 2 === 0 ? dataSource.query(sql) : readPool.query(sql))),
  );
  // Every connection that people's reads have is taken, and more of them wait.
  const running = () =>
    asAdmin(testServer(), async (admin) => {
      const { rows } = await admin.query(
        `select from pg_stat_activity where state = 'active' and query like '%somebody''s report' and pid <> pg_backend_pid()`,
      );
      return rows.length;
    });
  await until('the reads are under way', async () => (await running()) === 20);

  const person = new Person(stage, page, 'messenger', 'platform');
  const send = (text: string) => {
    const item = person.item(at, write(text).content(`m_${text}`, person));
    return postWebhook(signalbox.url, person.envelope(at, { field: 'messaging', item }));
  };
  for (const text of ['one', 'two', 'three']) expect(await send(text)).toBe(200);
  const posts = await support.receiver.waitFor('all three', () => {
    const about = support.receiver.about(person.psid);
    return about.length === 3 && about;
  });
  expect(posts.map(({ json }) => json.entry[0].messaging[0].message.text)).toEqual(['one', 'two', 'three']);
  expect(slow).toBe(100);

  await asAdmin(testServer(), (admin) =>
    until('the reads have ended', async () => {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like '%somebody''s report' and pid <> pg_backend_pid()`,
      );
      return slow === 0;
    }),
  );
  await Promise.all(reads);
});
