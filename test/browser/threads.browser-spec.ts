import { demo } from '../../src/channels/simulator/demo-data.js';
import {
  hasBrowser,
  openBrowser,
  seriousFindings,
  takePicture,
  type TestBrowser,
  type Theme,
} from '../support/browser.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

const person = '7000000000000101';
const attack = '<img src=x onerror=alert(1)><script>alert(2)</script>';

suite('a person at the console', () => {
  let signalbox: TestSignalbox;
  let browser: TestBrowser;

  const act = (psid: string, action: object) =>
    signalbox.api('POST', `/api/v1/simulator/pages/${demo.page}/people/${psid}/actions`, action);

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    await act(person, { type: 'tap_ad', ad_id: demo.ad });
    await act(person, { type: 'message', text: attack });
    const { body } = await signalbox.api('POST', `/api/v1/pages/${demo.page}/apps/${demo.supportBot}/token`);
    await signalbox.api('POST', `/v12.0/me/messages?access_token=${body.page_access_token}`, {
      recipient: { id: person },
      messaging_type: 'RESPONSE',
      message: { text: 'May I help?' },
    });
    await act('7000000000000102', { type: 'message', text: 'Hello' });
  });
  afterAll(() => signalbox.stop());
  afterEach(async () => {
    const { faults } = browser;
    await browser.close();
    expect(faults).toEqual([]);
  });

  const open = async (address: string, theme: Theme = 'light') => {
    browser = await openBrowser(signalbox.url, theme);
    const { page } = browser;
    await page.goto(`${signalbox.url}${address}`);
    await page.getByLabel('Admin token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Screens' }).waitFor();
    return page;
  };
  const thread = `/threads/${demo.page}/${person}`;

  it('is told when the token is wrong, and gets where they wanted with the right one', async () => {
    browser = await openBrowser(signalbox.url);
    const { page } = browser;
    await page.goto(`${signalbox.url}${thread}`);
    await page.getByLabel('Admin token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('token', { exact: false }).last().waitFor();
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await page.getByLabel('Admin token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('region', { name: 'Timeline' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(thread);
  });

  it('sees who has which thread, and opens one', async () => {
    const page = await open('/threads');
    const row = page.getByRole('row', { name: person });
    await row.waitFor();
    expect(await row.textContent()).toMatch(/marketing-owned.*Marketing bot/);
    await page.getByRole('button', { name: 'marketing-owned' }).click();
    await page.getByRole('row', { name: '7000000000000102' }).waitFor({ state: 'detached' });
    expect(page.url()).toContain('state=marketing-owned');
    await page.getByRole('link', { name: 'Person 0101' }).click();
    await page.getByRole('heading', { name: 'Person 0101' }).waitFor();
  });

  it('sees what happens anywhere, without loading anything again', async () => {
    const page = await open('/threads');
    await page.getByText('Live', { exact: true }).waitFor();
    await act('7000000000000104', { type: 'tap_ad', ad_id: demo.ad });
    await page.getByRole('link', { name: 'Person 0104' }).click();
    await page.getByRole('button', { name: `tapped the ad ${demo.ad}` }).waitFor();
    await act('7000000000000104', { type: 'message', text: 'What does it cost?' });
    await page.getByRole('button', { name: /wrote “What does it cost\?”/ }).waitFor();
    await signalbox.api('POST', `/api/v1/threads/${demo.page}/7000000000000104/control`, { action: 'release' });
    await page.locator('.thread-facts').getByText('released').waitFor();
  });

  it('reads the story of a thread in words, with what was refused and why', async () => {
    const page = await open(thread);
    const timeline = page.getByRole('region', { name: 'Timeline' });
    await timeline.getByRole('button', { name: `tapped the ad ${demo.ad}` }).waitFor();
    await timeline
      .getByText(
        /Support bot could not write: Marketing bot owns this thread since .+, until .+\. It can pass control, or wait\./,
      )
      .waitFor();
  });

  it('sees the state on the chart, and the guard of the way that led there', async () => {
    const page = await open(thread);
    await page.getByRole('button', { name: 'The event before' }).click();
    await page.getByRole('button', { name: 'The event before' }).click();
    await page.getByText('1 of 3', { exact: false }).waitFor();
    expect(await page.locator('.statechart-taken').textContent()).toBe(
      'user.referral because hasAssignee → marketing-owned',
    );
    await page.locator('.state-box[data-lit="true"]', { hasText: 'marketing-owned' }).waitFor();
    await page.locator('.transition-label[data-taken="true"]', { hasText: '[hasAssignee]' }).waitFor();
  });

  it('goes back in time: both sides say only what they had said by then', async () => {
    const page = await open(thread);
    await page.getByRole('tab', { name: 'Conversation' }).click();
    const conversation = page.getByRole('region', { name: 'Conversation at this moment' });
    await conversation.getByText(attack).waitFor();
    await page.getByRole('slider', { name: 'Moment' }).press('Home');
    await conversation.getByText(attack).waitFor({ state: 'detached' });
    await conversation.getByText('tapped the ad', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Now' }).click();
    await conversation.getByText(attack).waitFor();
  });

  it('sees who got what, and the delivery behind it', async () => {
    const page = await open(`${thread}?view=apps`);
    const row = page.getByRole('row', { name: /tapped the ad/ });
    await row.waitFor();
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      expect.stringMatching(/Gets control.*Message/),
      expect.stringMatching(/Standby/),
      expect.stringMatching(/Standby/),
    ]);
    await row.getByRole('button', { name: 'Gets control' }).click();
    await page.getByRole('dialog', { name: 'Delivery' }).getByText('user.referral', { exact: false }).waitFor();
  });

  it('takes the sequence away as Mermaid, in which nobody has smuggled anything', async () => {
    const page = await open(`${thread}?view=sequence`);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download .mmd' }).click();
    const chunks: Buffer[] = [];
    for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    expect(text).toMatch(/^sequenceDiagram\n {2}actor person as Person 0101\n {2}participant router as Signalbox\n/);
    expect(text).toContain('refused#58; thread_not_owned');
    expect(text).not.toContain('<');
  });

  it('moves a thread, and sees at once that it moved', async () => {
    await act('7000000000000103', { type: 'message', text: 'Move me' });
    const page = await open(`/threads/${demo.page}/7000000000000103`);
    await page.getByRole('button', { name: 'Move…' }).click();
    await page.getByLabel('To', { exact: true }).selectOption({ label: 'Marketing bot' });
    await page.getByRole('button', { name: 'Move', exact: true }).click();
    await page.getByText('Marketing bot owns the thread now.').waitFor();
    await page.locator('.thread-facts').getByText('Marketing bot').waitFor();
  });

  describe.each<Theme>(['light', 'dark'])('in the %s theme', (theme) => {
    it.each([
      ['threads', '/threads', person],
      ['statechart', thread, 'Support bot'],
      ['sequence', `${thread}?view=sequence&side=conversation`, 'Support bot'],
      ['apps', `${thread}?view=apps`, 'Support bot'],
    ])('can use the screen %s, whatever senses they have', async (name, address, awaited) => {
      const page = await open(address, theme);
      await page.getByRole('main').getByText(awaited).first().waitFor();
      if (name === 'statechart') await page.locator('.state-box[data-lit="true"]').waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await takePicture(page, `${name}-${theme}`);
    });
  });
});
