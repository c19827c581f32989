import { readFileSync } from 'node:fs';
import { Platform } from '../support/platform.js';
import { Receiver } from '../support/receiver.js';
import { runShell } from '../support/run.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';

/*
 * docs/gateway.md, from nothing to a routed page: its own commands in its order, against a stand-in for the platform. What
 * an operator fills in is filled in; the addresses are those of the test.
 */
const page = '104700000000001';
const person = '7000000000000777';
const filledIn = {
  META_APP_SECRET: 'secret-of-the-meta-app',
  META_VERIFY_TOKEN: 'a-verify-token-of-mine',
  ADMIN_TOKEN: 'an-admin-token-of-mine-and-long-enough',
};
const metaToken = 'EAArealPageToken';

const commands = [...readFileSync('docs/gateway.md', 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)].map(
  ([, text = '']) => text,
);

let platform: Platform;
let support: Receiver;
let marketing: Receiver;
let signalbox: TestSignalbox;
/** What the operator's shell remembers: the page, a function, the tokens. */
let remembered: string;

/** Types one of the document's blocks; answers what is printed, each line as JSON where it is. */
async function type(block: string | undefined, replaced: Record<string, string> = {}): Promise<any[]> {
  const texts = {
    'http://localhost:3000': signalbox.url,
    'https://graph.facebook.com/v25.0': platform.url,
    'https://support.example/webhook': support.url,
    'https://marketing.example/webhook': marketing.url,
    'EAA…': metaToken,
    ...replaced,
  };
  let text = block ?? '';
  for (const [from, to] of Object.entries(texts)) text = text.replaceAll(from, to);
  expect(text).not.toMatch(/…|<[a-z]/);
  const { code, stdout, stderr } = await runShell(
    `set -e\n${remembered}\n${text.replaceAll('curl -X', 'curl -sS -X')}`,
    filledIn,
  );
  expect({ text, code, stderr }).toEqual({ text, code: 0, stderr: expect.not.stringContaining('curl:') });
  const kept = text.split('\n').filter((line) => /^(\w+=|api\(\))/.test(line));
  remembered = [remembered, ...kept].join('\n');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

beforeAll(async () => {
  const { META_APP_SECRET: appSecret } = filledIn;
  platform = await Platform.start({ appSecret, token: metaToken, page, instagram: '17841400000000001' });
  support = await Receiver.start('', 'choose-one');
  marketing = await Receiver.start('', 'choose-one');
  remembered = '';
});
afterAll(async () => {
  await signalbox?.stop();
  await support.close();
  await marketing.close();
  await platform.close();
});

it('takes an operator from nothing to a routed page', async () => {
  const [start = '', describePage, route, subscribe, handshake, answer, look] = commands;
  // The settings it names, and no others but where the stand-in and the test's apps are.
  const names = [...start.matchAll(/(\w+)=\S/g)].map(([, name]) => name);
  expect(names).toEqual(['MODE', ...Object.keys(filledIn), 'DATABASE_URL', 'KEYRING']);
  expect(start).toContain('npm ci && npm start');
  signalbox = await startSignalbox({
    MODE: 'gateway',
    ...filledIn,
    META_GRAPH_URL: platform.url,
    CALLBACK_ALLOW: '127.0.0.0/8',
  });
  platform.webhookUrl = `${signalbox.url}/webhooks/meta`;

  const described = await type(describePage);
  expect(described.map(({ app_id, page_id }) => [page_id, app_id])).toEqual([
    [page, undefined],
    [undefined, '2200000000000022'],
    [undefined, '2100000000000011'],
    [undefined, '263902037430900'],
    [page, '2200000000000022'],
    [page, '2100000000000011'],
    [page, '263902037430900'],
  ]);
  expect([support.handshakes, marketing.handshakes]).toEqual([1, 1]);
  support.appSecret = described[1].app_secret;
  marketing.appSecret = described[2].app_secret;
  const [supportToken, marketingToken] = described.slice(4).map(({ page_access_token }) => page_access_token);

  expect(await type(route)).toMatchObject([{ default_app_id: '2200000000000022', meta: { configured: true } }, {}]);
  expect(await type(subscribe)).toEqual([{ success: true }]);
  expect(await type(handshake)).toEqual([42]);

  expect(await platform.personWrites(person, 'Are you open?')).toBe(200);
  const told = await support.waitFor('the message', (posts) => posts.find(({ people }) => people.includes(person)));
  expect(told.json.entry[0].messaging[0]).toMatchObject({ sender: { id: person }, message: { text: 'Are you open?' } });
  const fill = (token: string) => ({ '<sender.id of the webhook>': person, "<the support bot's token>": token });
  expect(await type(answer, fill(supportToken))).toEqual([
    { recipient_id: person, message_id: expect.stringMatching(/^m_/) },
  ]);
  expect(platform.calls.at(-1)?.body).toMatchObject({ recipient: { id: person }, message: { text: 'Hello' } });
  const [refused] = await type(answer, fill(marketingToken));
  expect(refused.error).toMatchObject({ code: 10, error_subcode: 2018300 });

  const [{ data }] = await type(look);
  expect(data.map((event: any) => `${event.type} ${event.outcome}`)).toEqual([
    'user.message applied',
    'app.send applied',
    'app.sent applied',
    'app.send refused',
  ]);

  // A person who comes through the ad is the marketing bot's.
  const referral = { ref: 'x', source: 'ADS', type: 'OPEN_THREAD', ad_id: '120200000000000303' };
  const lead = '7000000000000778';
  await platform.personWrites(lead, '', { item: { message: { mid: 'm_lead', text: 'Still on?', referral } } });
  await marketing.waitFor('the lead', (posts) => posts.find(({ body }) => body.includes('Still on?')));
  expect([...support.faults, ...marketing.faults]).toEqual([]);
});
