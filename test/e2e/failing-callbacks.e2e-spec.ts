import { write } from '../support/acts.js';
import { content, metaAppSecret, Person } from '../support/person.js';
import { Receiver, type Answer } from '../support/receiver.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';

let signalbox: TestSignalbox;
let stage: Stage;
let page: StagePage;
let support: Bot;
let observer: Bot;

beforeAll(async () => {
  signalbox = await startSignalbox({ META_APP_SECRET: metaAppSecret, DELIVERY_TIMEOUT_MS: '1000' });
  stage = new Stage({ url: signalbox.url, adminToken });
  support = await stage.addBot('2200000000000022');
  observer = await stage.addBot('2300000000000033');
  page = await stage.addPage('104700000000001', [[support], [observer]], { messenger: { defaultApp: support } });
});

afterAll(async () => {
  await stage?.close();
  await signalbox?.stop();
});

it.each<[Answer, number | null, RegExp]>([
  [500, 500, /500/],
  ['redirect', 302, /redirect/],
  ['drop', null, /./],
  ['hang', null, /time|answer/i],
])(
  'a callback that answers with %s is asked again, with the same id and bytes, and keeps the order',
  async (answer, status, error) => {
    const person = new Person(stage, page, 'messenger', 'simulator');
    let failing = true;
    support.receiver.answer = ({ people }) => {
      if (!failing || !people.includes(person.psid)) return 200;
      failing = false;
      return answer;
    };
    const first = await person.does(write('one'));
    const second = await person.does(write('two'));
    const about = await support.receiver.waitFor('both messages', () => {
      const posts = support.receiver.about(person.psid);
      return posts.length >= 3 && posts;
    });
    expect(about.map((post) => [post.answer, post.attempt, post.json.entry[0].messaging[0].message.text])).toEqual([
      [answer, 1, 'one'],
      [200, 2, 'one'],
      [200, 1, 'two'],
    ]);
    expect(about[1]?.body).toBe(about[0]?.body);
    expect(about[1]?.deliveryId).toBe(about[0]?.deliveryId);
    expect(about[1]?.headers['x-hub-signature-256']).toBe(about[0]?.headers['x-hub-signature-256']);

    // The other app has not waited for any of it, and is told each thing once.
    const copies = observer.receiver.about(person.psid);
    expect(copies.map((post) => post.body)).toEqual(
      [first, second].map((item, index) =>
        person.envelope(copies[index]?.json.entry[0].time, { field: 'standby', item }),
      ),
    );
    const attempts = await untilNoted(person);
    expect(attempts).toEqual([
      { attempt: 1, status, error: expect.stringMatching(error) },
      { attempt: 2, status: 200, error: null },
    ]);
    support.receiver.answer = () => 200;
  },
);

it('a callback that is not there costs the others nothing, and gets everything once it is back', async () => {
  const gone = await stage.addBot('2400000000000044');
  await stage.connect(page, gone, { standby: { messenger: true } });
  page.bots.splice(page.bots.indexOf(gone), 1);
  await gone.receiver.close();
  const person = new Person(stage, page, 'messenger', 'simulator');
  const message = await person.does(write('anyone?'));
  await person.expectTold(content(support, message));
  const [delivery] = (await person.deliveries()).filter(({ app_id }) => app_id === gone.id);
  expect(['pending', 'retrying', 'held']).toContain(delivery.status);

  const back = await Receiver.start(gone.receiver.appSecret, gone.receiver.verifyToken);
  try {
    await stage.ask('PUT', `/api/v1/apps/${gone.id}`, { name: 'Back again', callback_url: back.url });
    const post = await back.waitFor('the message', (posts) => posts[0]);
    expect(post.deliveryId).toBe(delivery.id);
    expect(post.body).toBe(person.envelope(post.json.entry[0].time, { field: 'standby', item: message }));
    expect(back.faults).toEqual([]);
  } finally {
    await back.close();
  }
});

/** Attempts are written down in bulk, a moment after they are made. */
async function untilNoted(person: Person): Promise<unknown[]> {
  for (;;) {
    const deliveries = (await person.deliveries()).filter(({ app_id }) => app_id === support.id);
    const attempts = deliveries[0].attempts;
    if (attempts.length < 2 || deliveries.some(({ status }) => status !== 'delivered')) continue;
    return attempts.map(({ attempt, status, error }: any) => ({ attempt, status, error }));
  }
}
