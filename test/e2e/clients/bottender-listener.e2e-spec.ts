import { MessengerClient } from 'messaging-api-messenger';
import type { AppId } from '../../../src/domain/ids.js';
import type { Channel } from '../../../src/domain/page.js';
import { startBottender } from '../../support/bottender.js';
import { Customer } from '../../support/customer.js';
import type { Program } from '../../support/program.js';
import { openShop, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { desk, marketing, takeover } from '../../support/thread-fixtures.js';

/* Every kind of event, live and in standby, as a bot's framework reads it: kinds, contents and order. */
let signalbox: TestSignalbox;
let world: Shop;
let owner: Program;
let bystander: Program;

const fields: Record<Channel, string[]> = {
  messenger: [
    ...['messages', 'message_echoes', 'message_deliveries', 'message_reads', 'message_reactions', 'message_edits'],
    ...['messaging_postbacks', 'messaging_referrals', 'messaging_handovers', 'messaging_optins', 'standby'],
  ],
  instagram: [
    ...['messages', 'messaging_seen', 'message_reactions', 'message_edit'],
    ...['messaging_postbacks', 'messaging_referral', 'messaging_handover', 'messaging_optins', 'standby'],
  ],
};

beforeAll(async () => {
  signalbox = await startSignalbox();
  world = await openShop(signalbox);
  owner = await startBottender('bottender-listener', desk, signalbox, world, fields);
  bystander = await startBottender('bottender-listener', marketing, signalbox, world, fields);
});
afterAll(async () => {
  await owner?.stop();
  await bystander?.stop();
  await signalbox?.stop();
});

const client = (app: AppId) => new MessengerClient({ accessToken: world.tokens.get(app) ?? '', origin: signalbox.url });

/** What a bot has said of a person, once that many lines have come. */
async function heard(bot: Program, { psid }: Customer, count: number): Promise<string[]> {
  const mark = `[${psid}] `;
  const lines = (output: string) => output.split('\n').filter((line) => line.startsWith(mark));
  const output = await bot.until(`${count} lines about ${psid}`, (said) => lines(said).length >= count);
  return lines(output).map((line) => line.slice(mark.length));
}

/** The same events as an app gets them that neither owns the thread nor sent the button. */
const copied = (live: readonly string[]) =>
  live.map((line) => line.replace('live', 'standby').replace(/postback: .*/, 'postback: no payload'));

it.each(['messenger', 'instagram'] as const)('hears every kind of event in its order, on %s', async (channel) => {
  const person = new Customer(signalbox, channel);
  const { psid } = person;
  await person.does({ type: 'message', text: 'hello' });
  await client(desk).sendButtonTemplate(psid, 'Now?', [{ type: 'postback', title: 'Buy', payload: 'BUY' }]);
  await client(desk).sendText(psid, 'Which?', {
    quickReplies: [{ contentType: 'text', title: 'Red', payload: 'RED' }],
  });
  if (channel === 'messenger') await person.does({ type: 'deliver' });
  await person.does({ type: 'read' });
  await person.does({ type: 'react', reaction: 'love' });
  await person.does({ type: 'tap_button', title: 'Buy' });
  await person.does({ type: 'tap_quick_reply', title: 'Red' });
  await person.does({ type: 'message', text: 'Blue, no' });
  await person.does({ type: 'edit', text: 'Green' });
  if (channel === 'instagram') await person.does({ type: 'unsend' });
  await person.does({ type: 'opt_in', ref: 'cart' });
  await person.does({ type: 'open_link', ref: 'nobodys' });

  const all = [
    'live text: hello',
    'live echo: no text',
    'live echo: Which?',
    ...(channel === 'messenger' ? ['live delivery'] : []),
    'live read',
    'live reaction: love',
    'live postback: BUY',
    'live quick reply: RED',
    'live text: Blue, no',
    'live messageEdit mid text numEdit',
    ...(channel === 'instagram' ? ['live message mid isDeleted'] : []),
    'live opt-in: cart',
    'live referral: nobodys',
  ];
  expect(await heard(owner, person, all.length)).toEqual(all);
  expect(await heard(bystander, person, all.length)).toEqual(copied(all));

  // The echo of a message comes before the handover that goes with it; in a take-over, after it.
  await client(desk).sendRawBody({
    recipient: { id: psid },
    message: { text: 'Over to sales' },
    threadControl: { controlType: 'pass', appId: marketing },
  });
  await client(marketing).passThreadControl(psid, Number(desk), 'no sale');
  await client(takeover).sendText(psid, 'A person here');
  await client(desk)
    .sendText(psid, 'Me too')
    .catch(() => undefined);
  await person.does({ type: 'message', text: 'Thanks' });
  expect((await heard(owner, person, all.length + 5)).slice(all.length)).toEqual([
    'live echo: Over to sales',
    'live pass: no sale',
    'live take',
    'standby echo: A person here',
    'standby text: Thanks',
  ]);
  expect((await heard(bystander, person, all.length + 4)).slice(all.length)).toEqual([
    'standby echo: Over to sales',
    'live pass: null',
    'standby echo: A person here',
    'standby text: Thanks',
  ]);
});

it('the handover comes before what the person said, when an entry point gives the thread away', async () => {
  const person = new Customer(signalbox);
  await person.does({ type: 'message', text: 'hello' });
  await person.does({ type: 'message', text: 'Is it still on?', ad_id: '120200000000000303' });
  expect(await heard(bystander, person, 3)).toEqual([
    'standby text: hello',
    'live pass: null',
    'live text: Is it still on?',
  ]);
  expect(await heard(owner, person, 2)).toEqual(['live text: hello', 'standby text: Is it still on?']);
});
