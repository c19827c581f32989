import { createRequire } from 'node:module';
import type { AppId } from '../../../src/domain/ids.js';
import { Customer } from '../../support/customer.js';
import { openShop, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { ad, desk, marketing, shop, shopInstagram } from '../../support/thread-fixtures.js';

// It comes without types.
const { FacebookAdsApi, Page } = createRequire(import.meta.url)('facebook-nodejs-business-sdk');

let signalbox: TestSignalbox;
let world: Shop;

beforeAll(async () => {
  signalbox = await startSignalbox();
  world = await openShop(signalbox);
  Object.defineProperty(FacebookAdsApi, 'GRAPH', { get: () => signalbox.url });
});
afterAll(async () => {
  await signalbox?.stop();
});

/** The page as an app sees it. Without the last argument the library reports its failures to the platform's owner. */
function pageOf(app: AppId, id: string = shop): any {
  return new Page(id, {}, undefined, new FacebookAdsApi(world.tokens.get(app), 'en_US', false));
}

async function lead(channel: 'messenger' | 'instagram' = 'messenger'): Promise<Customer> {
  const person = new Customer(signalbox, channel);
  await person.does({ type: 'message', text: 'Is it still on?', ad_id: ad });
  return person;
}

it('reads the page', async () => {
  const page = await pageOf(desk).get(['id', 'name']);
  expect(page.exportAllData()).toEqual({ id: shop, name: 'Shop' });
});

it.each(['messenger', 'instagram'] as const)(
  'answers, asks who has the thread, and passes it, on %s',
  async (channel) => {
    const person = await lead(channel);
    const page = pageOf(marketing, channel === 'messenger' ? shop : shopInstagram);
    const recipient = { id: person.psid };
    const sent = await page.createMessage([], { recipient, messaging_type: 'RESPONSE', message: { text: 'It is' } });
    expect(sent.exportAllData()).toEqual({ recipient_id: person.psid, message_id: expect.any(String) });
    expect((await person.messages()).at(-1)).toMatchObject({ app_id: marketing, text: 'It is' });

    const [owner] = await page.getThreadOwner([], { recipient: person.psid });
    expect(owner.exportAllData().thread_owner).toMatchObject({ app_id: marketing });

    await page.createPassThreadControl([], { recipient, target_app_id: desk, metadata: 'asked for a person' });
    expect(await person.thread()).toMatchObject({ state: 'passed', owner_app_id: desk });
    await pageOf(desk).createReleaseThreadControl([], { recipient });
    expect(await person.thread()).toMatchObject({ state: 'released', owner_app_id: null });
  },
);

it('subscribes its app, looks, and unsubscribes', async () => {
  const page = pageOf(marketing);
  await page.createSubscribedApp([], { subscribed_fields: ['messages', 'messaging_postbacks'] });
  const subscribed = async () =>
    (await page.getSubscribedApps(['id', 'subscribed_fields'])).map((app: any) => app.exportAllData());
  expect(await subscribed()).toContainEqual({ id: marketing, subscribed_fields: ['messages', 'messaging_postbacks'] });
  await page.deleteSubscribedApps();
  expect(await subscribed()).not.toContainEqual(expect.objectContaining({ id: marketing }));
});

it('reports a refusal with its code and subcode', async () => {
  const person = await lead();
  const refused = pageOf(desk).createMessage([], { recipient: { id: person.psid }, message: { text: 'Me too' } });
  await expect(refused).rejects.toMatchObject({
    name: 'FacebookRequestError',
    status: 400,
    response: { code: 10, error_subcode: 2018300, type: 'OAuthException' },
  });
});

it('goes through a list page by page', async () => {
  const page = pageOf(desk);
  const names = ['Ada', 'Edith', 'Grace', 'Hedy', 'Mary'];
  for (const name of names) {
    await page.createPersona([], { name, profile_picture_url: 'https://cdn.example/face.png' });
  }
  let cursor = await page.getPersonas(['name'], { limit: 2 });
  const seen = cursor.map(({ name }: any) => name);
  while (cursor.hasNext()) {
    cursor = await cursor.next();
    seen.push(...cursor.map(({ name }: any) => name));
  }
  expect(seen.toSorted()).toEqual(names);
});
