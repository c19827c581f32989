import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { metaAppId, Platform } from '../support/platform.js';
import { MortalServer } from '../support/server-process.js';
import { adminToken } from '../support/signalbox.js';
import { guideFields, Stage, type Bot, type StagePage } from '../support/stage.js';
import { testKeyring } from '../support/vault.js';

/* The gateway dies between the three steps of a send: the intent, the call of the platform, the outcome. */
const appSecret = 'secret-of-the-meta-app';
const pageToken = 'EAAmetaPageToken';
const pageId = '104700000000071';
const person = '7000000000007001';

let database: TestDatabase;
let platform: Platform;
let server: MortalServer;
let stage: Stage;
let page: StagePage;
let desk: Bot;
let agent: Bot;

/** A page whose desk has a person's thread, behind a server that will die. */
async function open(failpoint: string): Promise<void> {
  database = await createTestDatabase();
  platform = await Platform.start({ appSecret, token: pageToken, page: pageId, instagram: '17841400000000071' });
  platform.echoes = false;
  stage = new Stage({ url: '', adminToken });
  server = await MortalServer.start(
    {
      NODE_ENV: 'test',
      MODE: 'gateway',
      DATABASE_URL: database.url,
      ADMIN_TOKEN: adminToken,
      KEYRING: testKeyring,
      META_APP_SECRET: appSecret,
      META_VERIFY_TOKEN: 'verify-token',
      META_GRAPH_URL: platform.url,
      CALLBACK_ALLOW: '127.0.0.0/8',
      LOG_LEVEL: 'fatal',
      DELIVERY_TIMEOUT_MS: '1000',
    },
    failpoint,
    (running) => {
      stage.server = running;
      platform.webhookUrl = `${running.url}/webhooks/meta`;
    },
  );
  const all = { subscribed_fields: [...guideFields, 'message_echoes'] };
  desk = await stage.addBot('2200000000000072');
  agent = await stage.addBot('2300000000000073');
  page = await stage.addPage(
    pageId,
    [
      [desk, all],
      [agent, { ...all, can_take_control: true }],
    ],
    {},
  );
  await stage.ask('PUT', `/api/v1/pages/${pageId}`, {
    name: 'Shop',
    default_app_id: desk.id,
    meta: { page_access_token: pageToken },
  });
  expect(await platform.personWrites(person, 'hello')).toBe(200);
}
afterEach(async () => {
  await server.stop();
  await stage.close();
  await platform.close();
  await database.drop();
});

const take = () =>
  agent
    .on(page)
    .post('/me/messages', { recipient: { id: person }, message: { text: 'a human here', metadata: 'mine' } });

/** The send during which the server dies; resolves once another one runs. */
async function fatalSend(): Promise<void> {
  const dying = await server.running();
  await expect(take()).rejects.toThrow();
  await server.after(dying);
}

const ownerOf = async () => (await stage.ask('GET', `/api/v1/threads/${pageId}/${person}`)).owner_app_id;
const typesOf = async () =>
  (await stage.list(`/api/v1/threads/${pageId}/${person}/events`)).map(({ type }: { type: string }) => type);

it('dies before the platform is called: nothing is out, nothing has changed, and the app may send again', async () => {
  await open('send.beforeCall');
  await fatalSend();
  expect(platform.calls).toEqual([]);
  expect(await ownerOf()).toBe(desk.id);
  expect((await take()).status).toBe(200);
  expect(platform.calls).toHaveLength(1);
  expect(await ownerOf()).toBe(agent.id);
  expect(await typesOf()).toEqual(['user.message', 'app.send', 'app.send', 'app.sent']);
});

it('dies with the platform’s answer: the echo settles the send, and nothing is sent again', async () => {
  await open('send.afterCall');
  await fatalSend();
  expect(platform.calls).toHaveLength(1);
  expect(await typesOf()).toEqual(['user.message', 'app.send']);
  expect(await ownerOf()).toBe(desk.id);

  const { metadata } = platform.calls[0]?.body.message;
  const echo = { mid: 'm_of_the_echo', text: 'a human here', app_id: Number(metaAppId), metadata };
  // The platform repeats what it got no answer for.
  for (let times = 0; times < 2; times++) expect(await platform.echo(person, echo)).toBe(200);
  expect(await ownerOf()).toBe(agent.id);
  expect(await typesOf()).toEqual(['user.message', 'app.send', 'app.sent']);
  const told = await agent.receiver.waitFor('the echo', (posts) =>
    posts.find(({ body }) => body.includes('m_of_the_echo')),
  );
  expect(told.body).toContain(`"app_id":${agent.id},"metadata":"mine"`);
  expect(platform.calls).toHaveLength(1);
});
