import { MessengerClient } from 'messaging-api-messenger';
import type { AppId } from '../../../src/domain/ids.js';
import { springAdRoute } from '../../support/acts.js';
import { startBottender } from '../../support/bottender.js';
import { Customer } from '../../support/customer.js';
import type { Program } from '../../support/program.js';
import { openShop, type Shop } from '../../support/shop.js';
import { startSignalbox, type TestSignalbox } from '../../support/signalbox.js';
import { ad, desk, inbox, marketing, shop } from '../../support/thread-fixtures.js';

let signalbox: TestSignalbox;
let world: Shop;
const programs: Program[] = [];

const fields = ['messages', 'messaging_postbacks', 'messaging_referrals', 'messaging_handovers', 'standby'];

async function startBot(folder: string, app: AppId, env: Record<string, string> = {}): Promise<void> {
  const channels = { messenger: fields, instagram: fields };
  programs.push(await startBottender(folder, app, signalbox, world, channels, env));
}

beforeAll(async () => {
  signalbox = await startSignalbox();
  world = await openShop(signalbox);
  await signalbox.api('PUT', `/api/v1/pages/${shop}/routes/ads/${ad}`, {
    receiving_app_id: marketing,
    ...springAdRoute,
  });
  await startBot('bottender-marketing', marketing, { SUPPORT_APP_ID: desk });
  await startBot('bottender-support', desk);
});

afterAll(async () => {
  for (const program of programs) await program.stop();
  await signalbox?.stop();
});

/** The bots run in sight of nobody: what they complain of is all there is to know of a failure. */
afterEach(() => {
  expect(programs.map(({ output }) => output).join('')).not.toMatch(/error|fail/i);
});

describe.each(['messenger', 'instagram'] as const)('on %s', (channel) => {
  it('two bots share a person: ad, standby, pass, postback, reply, and the inbox at the end', async () => {
    const person = new Customer(signalbox, channel);
    await person.does({ type: 'tap_button', title: 'Tell me more', ad_id: ad });
    const offer = await person.hears('Everything for the garden is half price.');
    expect(offer).toMatchObject({ app_id: marketing, quick_replies: [{ title: 'Where?' }, { title: 'Ask a person' }] });
    await person.does({ type: 'message', text: 'I need a spade' });
    await person.does({ type: 'tap_quick_reply', title: 'Ask a person' });
    expect(await person.hears('One moment.')).toMatchObject({ app_id: marketing });

    await person.belongsTo(desk);
    const welcome = await person.until('the buttons', async () =>
      (await person.messages()).find(({ buttons }) => buttons.length === 2),
    );
    expect(welcome).toMatchObject({ app_id: desk, buttons: [{ title: 'My order' }, { title: 'A complaint' }] });
    expect(welcome.attachments[0].payload.text).toBe('Support here (asked for a person). What is it about?');

    await person.does({ type: 'tap_button', title: 'My order' });
    await person.hears('Before, you said: [Tell me more], I need a spade, Ask a person.');
    await person.does({ type: 'message', text: 'Thanks' });
    await person.hears('You said: Thanks');
    await person.does({ type: 'tap_button', title: 'A complaint' });
    await person.belongsTo(inbox);

    const story = (await person.events()).filter(({ type }) => type !== 'app.action');
    expect(story.map(({ type, owner_app_id, caller_app_id }) => [type, owner_app_id, caller_app_id])).toEqual([
      ['user.postback', marketing, null],
      ['app.send', marketing, marketing],
      ['user.message', marketing, null],
      ['user.message', marketing, null],
      ['app.send', marketing, marketing],
      ['control.pass', desk, marketing],
      ['app.send', desk, desk],
      ['user.postback', desk, null],
      ['app.send', desk, desk],
      ['user.message', desk, null],
      ['app.send', desk, desk],
      ['user.postback', desk, null],
      ['control.pass', inbox, desk],
    ]);
  });

  it('a bot that has lost the thread hears what is said and may not answer', async () => {
    const person = new Customer(signalbox, channel);
    await person.does({ type: 'message', text: 'Hi', ad_id: ad });
    const client = new MessengerClient({ accessToken: world.tokens.get(desk) ?? '', origin: signalbox.url });
    await expect(client.sendText(person.psid, 'Me too')).rejects.toThrow(
      channel === 'messenger'
        ? 'another app is controlling this thread now'
        : "The action is invalid since it's not the thread owner.",
    );
  });
});
