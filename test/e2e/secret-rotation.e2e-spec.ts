import { createHmac } from 'node:crypto';
import { psid } from '../../src/domain/ids.js';
import { appsecretProof } from '../../src/graph-api/appsecret-proof.js';
import { metaAppSecret } from '../support/person.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { Stage, type Bot, type StagePage } from '../support/stage.js';

const newSecret = 'the-new-secret-of-the-app';
const messageCount = 60;

let signalbox: TestSignalbox;
let stage: Stage;
let bot: Bot;
let page: StagePage;

beforeEach(async () => {
  signalbox = await startSignalbox({ META_APP_SECRET: metaAppSecret });
  stage = new Stage({ url: signalbox.url, adminToken });
  bot = await stage.addBot('2200000000000022');
  page = await stage.addPage('104700000000001', [[bot]], { messenger: { defaultApp: bot } });
});
afterEach(async () => {
  await stage?.close();
  await signalbox?.stop();
});

const setApp = (more: object) =>
  stage.ask('PUT', `/api/v1/apps/${bot.id}`, { name: `App ${bot.id}`, callback_url: bot.receiver.url, ...more });

async function read(proof?: string): Promise<number> {
  const query = new URLSearchParams({ access_token: bot.tokens.get(page.id) ?? '' });
  if (proof !== undefined) query.set('appsecret_proof', proof);
  return (await fetch(`${signalbox.url}/v25.0/me?${query.toString()}`)).status;
}

/** What a call with a proof of this secret, and one with an app token of it, are answered. */
async function accepts(secret: string): Promise<boolean> {
  const proven = await read(appsecretProof(bot.tokens.get(page.id) ?? '', secret));
  const query = new URLSearchParams({ access_token: `${bot.id}|${secret}` });
  const asApp = await fetch(`${signalbox.url}/v25.0/${bot.id}/subscriptions?${query.toString()}`);
  expect(asApp.status === 200).toBe(proven === 200);
  return proven === 200;
}

async function deliver(index: number): Promise<void> {
  const person = psid(String(7_000_000_000_400_000 + index));
  const message = { mid: `m_rotation_${index}`, text: 'hello' };
  const item = { sender: { id: person }, recipient: { id: page.id }, timestamp: Date.now(), message };
  const body = JSON.stringify({ object: 'page', entry: [{ id: page.id, time: 0, messaging: [item] }] });
  const signature = `sha256=${createHmac('sha256', metaAppSecret).update(body).digest('hex')}`;
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature };
  expect((await fetch(`${signalbox.url}/webhooks/meta`, { method: 'POST', headers, body })).status).toBe(200);
}

it('while messages flow a secret is replaced, and no delivery and no call of the app fails', async () => {
  const oldSecret = bot.receiver.appSecret;
  bot.receiver.alsoAccepts = newSecret;
  const calls: Promise<boolean>[] = [];
  for (let index = 0; index < messageCount; index++) {
    if (index === messageCount / 2) {
      expect(await setApp({ app_secret: newSecret })).toMatchObject({ previous_secret_expires_at: expect.any(String) });
    }
    await deliver(index);
    calls.push(accepts(oldSecret));
  }
  expect(await Promise.all(calls)).not.toContain(false);
  await bot.receiver.waitFor('every message', (posts) => posts.length >= messageCount);
  expect(bot.receiver.faults).toEqual([]);
  expect(bot.receiver.posts.every(({ attempt }) => attempt === 1)).toBe(true);

  // From the change on everything is signed with the new one.
  bot.receiver.appSecret = newSecret;
  bot.receiver.alsoAccepts = null;
  await deliver(messageCount);
  await bot.receiver.waitFor('one more', (posts) => posts.length > messageCount);
  expect(bot.receiver.faults).toEqual([]);

  await stage.advance('24h');
  expect(await accepts(oldSecret)).toBe(false);
  expect(await accepts(newSecret)).toBe(true);
});

it('a secret that has leaked ends at once', async () => {
  const leaked = bot.receiver.appSecret;
  await setApp({ app_secret: newSecret, previous_secret_hours: 0 });
  expect(await accepts(leaked)).toBe(false);
  await setApp({ app_secret: 'the-one-after-that' });
  expect(await accepts(newSecret)).toBe(true);
  await setApp({ previous_secret_hours: 0 });
  expect(await accepts(newSecret)).toBe(false);
  // Saying it again does not bring it back.
  await setApp({ previous_secret_hours: 24 });
  expect(await accepts(newSecret)).toBe(false);
  expect(await accepts('the-one-after-that')).toBe(true);
});

it('an app that must prove its secret is refused without a proof, with a wrong one, and with one of another app', async () => {
  const token = bot.tokens.get(page.id) ?? '';
  const other = await stage.addBot('2100000000000011');
  expect(await read()).toBe(200);
  expect(await setApp({ appsecret_proof_required: true })).toMatchObject({ appsecret_proof_required: true });
  expect(await read()).toBe(400);
  expect(await read('00')).toBe(400);
  expect(await read(appsecretProof(token, other.receiver.appSecret))).toBe(400);
  expect(await read(appsecretProof(token, bot.receiver.appSecret))).toBe(200);
  // What is not said again stays as it is.
  expect(await setApp({})).toMatchObject({ appsecret_proof_required: true });
});
