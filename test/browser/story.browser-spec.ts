import { demo } from '../../src/channels/simulator/demo-data.js';
import { hasBrowser, openBrowser, takePicture, type TestBrowser } from '../support/browser.js';
import { Receiver } from '../support/receiver.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

/*
 * A whole conversation, from the ad to its end, as somebody lives it who only clicks and types: the phone in one tab, the
 * console in another, which follows by itself. The bots are programs that know their webhook and their token.
 */
suite('somebody who plays a whole conversation by clicking', () => {
  let signalbox: TestSignalbox;
  let browser: TestBrowser;
  let marketing: Receiver;
  const tokens = new Map<string, string>();

  const send = (app: string, edge: string, body: object) =>
    signalbox.api('POST', `/v12.0/me/${edge}?access_token=${tokens.get(app)}`, body);

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    marketing = await Receiver.start('secret-of-marketing', 'verify-token');
    await signalbox.api('PUT', `/api/v1/apps/${demo.marketingBot}`, {
      name: 'Marketing bot',
      callback_url: marketing.url,
      verify_token: 'verify-token',
      app_secret: 'secret-of-marketing',
    });
    for (const app of [demo.marketingBot, demo.supportBot]) {
      const { body } = await signalbox.api('POST', `/api/v1/pages/${demo.page}/apps/${app}/token`);
      tokens.set(app, body.page_access_token);
    }
    // The marketing bot hands over whoever asks for a human.
    marketing.answer = ({ json }) => {
      const item = json.entry[0].messaging?.[0];
      if (item?.message?.text?.includes('human') === true) {
        void send(demo.marketingBot, 'pass_thread_control', { recipient: { id: item.sender.id } });
      }
      return 200;
    };
    browser = await openBrowser(signalbox.url);
  });
  afterAll(async () => {
    const { faults } = browser;
    await browser.close();
    await signalbox.stop();
    await marketing.close();
    expect(faults).toEqual([]);
  });

  it('sees the ad, the hand-over, the answer, the end and the silence, everywhere at once', async () => {
    const { page: console_, context } = browser;
    await console_.goto(`${signalbox.url}/sign-in#code=${await signalbox.createSignInCode()}`);
    await console_.getByText('Nobody has written yet').waitFor();

    // A person taps the ad.
    const phone = await context.newPage();
    await phone.goto(signalbox.url);
    await phone.getByRole('link', { name: 'Phones' }).click();
    await phone.getByRole('button', { name: 'Person on Messenger' }).click();
    await phone.getByRole('button', { name: 'Ad: Spring sale' }).click();
    await phone.getByRole('status').getByText('Marketing bot has this conversation').waitFor();

    // The list follows without being asked; the thread shows who has it, since when, and who got what.
    await console_
      .getByRole('row', { name: /marketing-owned/ })
      .getByRole('link')
      .first()
      .click();
    await console_.locator('.state-box[data-lit="true"]', { hasText: 'marketing-owned' }).waitFor();
    await console_.getByRole('tab', { name: 'What apps got' }).click();
    const tap = console_.getByRole('row', { name: /tapped the ad/ });
    await tap.waitFor();
    expect(await tap.getByRole('cell').allTextContents()).toEqual([
      expect.stringMatching(/Gets control.*Message/),
      expect.stringMatching(/Standby/),
      expect.stringMatching(/Standby/),
    ]);

    // Another bot tries to write, and is refused in words.
    const [, psid = ''] = /\/threads\/\d+\/(\d+)/.exec(console_.url()) ?? [];
    await send(demo.supportBot, 'messages', {
      recipient: { id: psid },
      messaging_type: 'RESPONSE',
      message: { text: 'May I help?' },
    });
    await console_
      .getByRole('region', { name: 'Timeline' })
      .getByText(/Support bot could not write: Marketing bot owns this thread since .+, until .+\./)
      .waitFor();

    // The person asks for a human: the bot passes to the default app.
    await phone.getByRole('textbox', { name: 'Message' }).fill('I want to talk to a human');
    await phone.getByRole('textbox', { name: 'Message' }).press('Enter');
    await phone.getByRole('status').getByText('Support bot has this conversation').waitFor();
    await console_.getByRole('tab', { name: 'Statechart' }).click();
    await console_.locator('.state-box[data-lit="true"]', { hasText: 'passed' }).waitFor();
    await takePicture(console_, 'story-light');

    // Somebody at the inbox answers: it says before that this takes control.
    await console_.getByRole('link', { name: 'Inbox' }).click();
    await console_.getByRole('button', { name: /^With apps/ }).click();
    await console_.getByRole('button', { name: /Person \d{4}/ }).click();
    await console_
      .getByText('Support bot has this conversation. Sending takes control for Inbox, and Support bot is told.')
      .waitFor();
    await console_.getByLabel('Your answer').fill('Hello, this is Ann.');
    await console_.getByRole('button', { name: 'Take control and send' }).click();
    await phone.getByRole('log').getByText('Hello, this is Ann.').waitFor();
    await phone.getByRole('status').getByText('Inbox has this conversation').waitFor();

    // Done: the conversation ends, and the next message goes to the default app.
    await console_.getByRole('button', { name: 'Done' }).click();
    await console_.getByText('Done: the thread is released', { exact: false }).waitFor();
    await phone.getByRole('textbox', { name: 'Message' }).fill('Thank you!');
    await phone.getByRole('textbox', { name: 'Message' }).press('Enter');
    await phone.getByRole('status').getByText('Support bot has this conversation').waitFor();
    await console_.getByRole('link', { name: 'Threads', exact: true }).click();
    await console_
      .getByRole('row', { name: /default-owned/ })
      .getByRole('link')
      .first()
      .click();
    await console_.locator('.thread-facts').getByText('default-owned').waitFor();

    // A day of silence, and control ends by itself.
    await console_.getByRole('button', { name: '+24 h' }).click();
    await console_.locator('.thread-facts').getByText('released').waitFor();
    await console_.locator('.state-box[data-lit="true"]', { hasText: 'released' }).waitFor();
  });
});
