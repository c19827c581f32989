import { Person, metaAppSecret, postWebhook } from '../support/person.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage } from '../support/stage.js';

/* Two instances: what one of them has just been told counts for a webhook that comes to the other. */
let one: TestSignalbox;
let other: TestSignalbox;
let stage: Stage;

beforeEach(async () => {
  one = await startSignalbox({ META_APP_SECRET: metaAppSecret });
  other = await startSignalbox({ META_APP_SECRET: metaAppSecret }, one.database);
  stage = new Stage({ url: one.url, adminToken });
});
afterEach(async () => {
  await other.stop();
  await one.stop();
  await stage.close();
});

const write = (person: Person, at: number) =>
  postWebhook(
    other.url,
    person.envelope(at, { field: 'messaging', item: person.item(at, `"message":{"mid":"m_${at}","text":"hello"}`) }),
  );

it('a page that was made a moment ago is known', async () => {
  const page = await stage.addPage('104700000000031', [], {});
  const person = new Person(stage, page, 'messenger', 'platform');
  expect(await write(person, Date.now())).toBe(200);
  expect(await person.events()).toHaveLength(1);
});

it('a clock that was moved a moment ago is the time', async () => {
  const page = await stage.addPage('104700000000032', [], {});
  const person = new Person(stage, page, 'messenger', 'platform');
  expect(await write(person, Date.now())).toBe(200);
  await stage.advance('3d');
  expect(await write(person, await stage.now())).toBe(200);
  expect(await person.events()).toHaveLength(2);
});

it('what was answered counts on every instance: a token that was just made, and one that has just ended', async () => {
  const bot = await stage.addBot('2200000000000033');
  const page = await stage.addPage('104700000000033', [[bot]], {});
  const ask = async () => {
    const url = `${other.url}/v12.0/me?access_token=${bot.tokens.get(page.id) ?? ''}`;
    return (await fetch(url)).status;
  };
  for (let round = 0; round < 5; round++) {
    expect(await ask()).toBe(200);
    await stage.ask('DELETE', `/api/v1/pages/${page.id}/apps/${bot.id}`);
    expect(await ask()).toBe(400);
    await stage.connect(page, bot);
  }
});

it('an instance that has died is soon not waited for any longer', async () => {
  await one.core.readPool.query(
    `insert into instance values (gen_random_uuid(), 0, clock_timestamp() + interval '500 ms'),
                                 (gen_random_uuid(), 0, clock_timestamp() - interval '500 ms'),
                                 (gen_random_uuid(), 0, clock_timestamp() + interval '500 days')`,
  );
  await stage.addPage('104700000000034', [], {});
  const { rows } = await one.core.readPool.query(
    'select from instance where alive_until > clock_timestamp() and config_epoch = 0',
  );
  expect(rows).toHaveLength(1);
});
