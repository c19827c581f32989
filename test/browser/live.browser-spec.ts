import { demo } from '../../src/channels/simulator/demo-data.js';
import { hasBrowser, openBrowser, type TestBrowser } from '../support/browser.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

const person = '7000000000000401';
const thread = `/threads/${demo.page}/${person}`;

suite('a person who watches', () => {
  let signalbox: TestSignalbox;
  let browser: TestBrowser;

  const write = (text: string) =>
    signalbox.api('POST', `/api/v1/simulator/pages/${demo.page}/people/${person}/actions`, { type: 'message', text });

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    await write('the first secret');
  });
  afterAll(() => signalbox.stop());
  afterEach(async () => {
    const { faults } = browser;
    await browser.close();
    expect(faults).toEqual([]);
  });

  const open = async (address: string, token: string) => {
    browser = await openBrowser(signalbox.url);
    const { page } = browser;
    await page.goto(`${signalbox.url}${address}`);
    await page.getByLabel('Admin token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    return page;
  };

  it('misses nothing of what happened while the connection was gone', async () => {
    const page = await open(`${thread}?side=conversation`, adminToken);
    const conversation = page.getByRole('region', { name: 'Conversation at this moment' });
    await conversation.getByText('the first secret').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await browser.context.setOffline(true);
    await page.getByText('Live', { exact: true }).waitFor({ state: 'detached' });
    const missed = ['one', 'two', 'three'].map((number) => `missed ${number}`);
    for (const text of missed) await write(text);
    await browser.context.setOffline(false);
    for (const text of missed) await conversation.getByText(text).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await write('after that');
    await conversation.getByText('after that').waitFor();
    for (const text of missed) expect(await conversation.getByText(text).count()).toBe(1);
  });

  it('reads no text as a viewer, and is told so', async () => {
    const { body } = await signalbox.api('POST', '/api/v1/tokens', { name: 'Looks on', role: 'viewer' });
    const page = await open(thread, body.token);
    await page
      .getByRole('region', { name: 'Timeline' })
      .getByText('something that your role may not read')
      .first()
      .waitFor();
    for (const side of ['timeline', 'conversation']) {
      await page.goto(`${signalbox.url}${thread}?side=${side}`);
      await page.getByRole('slider', { name: 'Moment' }).waitFor();
      expect(await page.getByRole('main').textContent()).not.toContain('secret');
    }
  });
});
