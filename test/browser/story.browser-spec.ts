import { demo } from '../../src/channels/simulator/demo-data.js';
import { hasBrowser, openBrowser, takePicture, type TestBrowser } from '../support/browser.js';
import { Receiver } from '../support/receiver.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

suite('the whole story, by clicking only', () => {
  let signalbox: TestSignalbox;
  let browser: TestBrowser;
  const receivers: Receiver[] = [];

  const call = async (appId: string, endpoint: string, body: object) => {
    const { body: token } = await signalbox.api('POST', `/api/v1/pages/${demo.page}/apps/${appId}/token`);
    return signalbox.api('POST', `/v12.0/me/${endpoint}?access_token=${token.page_access_token}`, body);
  };
  const personOf = (json: any): string | undefined => json.entry[0].messaging?.[0].sender.id;

  /** Answers whoever is passed to it; hands over whoever asks for a human. */
  const startMarketingBot = (appSecret: string) =>
    startBot(demo.marketingBot, 'Marketing bot', appSecret, async (json) => {
      const person = personOf(json);
      if (person === undefined || !/human/.test(json.entry[0].messaging[0].message?.text ?? '')) return;
      await call(demo.marketingBot, 'messages', {
        recipient: { id: person },
        messaging_type: 'RESPONSE',
        message: { text: 'I hand you over to our support.' },
      });
      await call(demo.marketingBot, 'pass_thread_control', {
        recipient: { id: person },
        target_app_id: demo.supportBot,
        metadata: 'asked for a human',
      });
    });

  /** Has a defect: it wants to write to whoever taps an ad, although it only listens. */
  const startSupportBot = (appSecret: string) =>
    startBot(demo.supportBot, 'Support bot', appSecret, async (json) => {
      const item = json.entry[0].standby?.[0];
      if (item?.referral === undefined) return;
      await call(demo.supportBot, 'messages', {
        recipient: { id: item.sender.id },
        messaging_type: 'RESPONSE',
        message: { text: 'May I help?' },
      });
    });

  const startBot = async (appId: string, name: string, appSecret: string, act: (json: any) => Promise<void>) => {
    const receiver = await Receiver.start(appSecret, 'verify');
    receivers.push(receiver);
    receiver.answer = ({ json }) => {
      act(json).catch((error: unknown) => receiver.faults.push(String(error)));
      return 200;
    };
    const { status } = await signalbox.api('PUT', `/api/v1/apps/${appId}`, {
      name,
      kind: 'bot',
      callback_url: receiver.url,
      app_secret: appSecret,
      verify_token: receiver.verifyToken,
    });
    expect(status).toBe(200);
  };

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    await startMarketingBot('secret-of-the-marketing-bot');
    await startSupportBot('secret-of-the-support-bot');
  });
  afterAll(async () => {
    await signalbox.stop();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });
  afterEach(async () => {
    const { faults } = browser;
    await browser.close();
    expect(faults).toEqual([]);
    expect(receivers.flatMap((receiver) => receiver.faults)).toEqual([]);
  });

  it('is told from the tapped ad to the released thread', async () => {
    browser = await openBrowser(signalbox.url);
    const { page } = browser;
    await page.goto(`${signalbox.url}/sign-in#code=${await signalbox.createSignInCode()}`);

    // A person taps an ad.
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Phones' }).click();
    await page.getByRole('button', { name: 'Person on Messenger' }).click();
    await page.getByRole('button', { name: 'Ad: Spring sale' }).click();
    await page.getByRole('status').getByText('Marketing bot has this conversation').waitFor();
    await page.getByRole('link', { name: 'Open the thread' }).click();

    // The marketing app has the thread: the chart is lit, and the column says what each app got.
    const lit = (state: string) => page.locator('.state-box[data-lit="true"]', { hasText: state }).waitFor();
    await lit('marketing-owned');
    await page.getByRole('button', { name: 'Phone', exact: true }).click();
    const phone = page.getByRole('region', { name: /writes to Garden shop/ });
    await phone.waitFor();
    const timeline = page.getByRole('region', { name: 'Timeline' });
    await timeline.getByText(/Support bot could not write: Marketing bot owns this thread since/).waitFor();
    await page.getByRole('tab', { name: 'What apps got' }).click();
    const cells = (event: RegExp) => page.getByRole('row', { name: event }).getByRole('cell');
    const tapped = /tapped the ad/;
    await page.getByRole('row', { name: tapped }).waitFor();
    expect(await cells(tapped).allTextContents()).toEqual([
      expect.stringMatching(/Gets control.*Message/),
      expect.stringMatching(/Standby/),
      expect.stringMatching(/Standby/),
    ]);

    // The person asks for a human, and the bot passes: what was open moves by itself.
    await phone.getByLabel('Message').fill('May I talk to a human?');
    await phone.getByLabel('Message').press('Enter');
    await phone.getByRole('log').getByText('I hand you over to our support.').waitFor();
    await phone.getByText('Support bot has this conversation').waitFor();
    const passed = /Marketing bot passed the thread to Support bot/;
    await page.getByRole('row', { name: passed }).waitFor();
    expect(await cells(passed).allTextContents()).toContainEqual(expect.stringMatching(/Gets control/));
    await takePicture(page, 'story-apps');
    await page.getByRole('tab', { name: 'Statechart' }).click();
    await lit('passed');
    await takePicture(page, 'story-thread');

    // A human answers from the inbox, which says before that it takes control.
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Inbox' }).click();
    await page.getByRole('button', { name: /With apps/ }).click();
    await page
      .getByRole('region', { name: 'Threads' })
      .getByRole('listitem')
      .getByRole('button', { name: /Support bot/ })
      .click();
    await page
      .getByText('Support bot has this conversation. Sending takes control for Inbox, and Support bot is told.')
      .waitFor();
    await page.getByLabel('Your answer').fill('Hello, this is a human.');
    await page.getByRole('button', { name: 'Take control and send' }).click();
    await page.getByText('Inbox has this conversation; you answer for the page.').waitFor();
    await takePicture(page, 'story-inbox');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Done: the thread is released', { exact: false }).waitFor();

    // Whoever comes back has the default app for a day, and then nobody.
    await page.getByRole('link', { name: 'Details' }).click();
    await lit('released');
    await phone.getByRole('log').getByText('Hello, this is a human.').waitFor();
    await phone.getByRole('button', { name: 'Ad: Spring sale' }).click();
    await lit('marketing-owned');
    await page.getByRole('button', { name: '+24 h' }).click();
    await lit('released');

    // With the phone put away the timeline has room, and tells it all; the refusal has a colour of its own.
    await page.getByRole('button', { name: 'Phone', exact: true }).click();
    await phone.waitFor({ state: 'detached' });
    await timeline.getByText('The control of Marketing bot ended: the person was silent for 24 hours').waitFor();
    for (const sentence of [/tapped the ad/, /wrote “May I talk to a human\?”/, passed, /Hello, this is a human\./]) {
      await timeline.getByText(sentence).first().waitFor();
    }
    const colourOf = (sentence: RegExp) =>
      timeline
        .getByText(sentence)
        .first()
        .evaluate((element: any) => (globalThis as any).getComputedStyle(element).color as string);
    expect(await colourOf(/Support bot could not write/)).not.toBe(await colourOf(passed));
    await takePicture(page, 'story-end');
  });
});
