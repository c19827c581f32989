import { demo } from '../../src/channels/simulator/demo-data.js';
import { hasBrowser, openBrowser, seriousFindings, type TestBrowser, type Theme } from '../support/browser.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

const attack = '<img src=x onerror=alert(1)><script>alert(2)</script>';

suite('a person who plays customer and works in the inbox', () => {
  let signalbox: TestSignalbox;
  let browser: TestBrowser;

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
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

  it('taps an ad and its quick reply, and sees that the marketing bot has the conversation', async () => {
    const page = await open(`/customer?page=${demo.page}`);
    await page.getByRole('button', { name: 'Person on Messenger' }).click();
    await page.getByRole('button', { name: 'Ad: Spring sale' }).click();
    await page.getByRole('status').getByText('Marketing bot has this conversation').waitFor();
    await page.getByRole('button', { name: 'Show prices' }).click();
    await page.getByRole('log').getByRole('listitem').getByText('Show prices').waitFor();
  });

  it('is several people at once, on both channels, whose text stays text', async () => {
    const page = await open(`/customer?page=${demo.page}&people=messenger.7000000000000201,instagram.7000000000000202`);
    const phone = page.getByRole('region', { name: 'Person 0202 writes to Garden shop' });
    await phone.getByLabel('Message').fill(attack);
    await phone.getByLabel('Message').press('Enter');
    await phone.getByRole('log').getByText(attack).waitFor();
    const other = page.getByRole('region', { name: 'Person 0201 writes to Garden shop' });
    expect(await other.getByRole('listitem').count()).toBe(0);
  });

  it('sees the secrets of a new app once', async () => {
    const page = await open('/configuration/apps');
    await page.getByRole('button', { name: 'Add an app' }).click();
    await page.getByLabel('App id').fill('2300000000000033');
    await page.getByLabel('Name').fill('Another bot');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Copy the app secret' }).waitFor();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('row', { name: /Another bot/ }).waitFor();
  });

  it.each(['light', 'dark'] as const)('finds nothing serious with axe, %s', async (theme) => {
    const page = await open('/customer?people=messenger.7000000000000201', theme);
    await page.getByRole('log').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    for (const [address, heading] of [
      ['/configuration', 'Configuration'],
      ['/deliveries', 'Deliveries'],
    ] as const) {
      await page.goto(`${signalbox.url}${address}`);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await page.getByRole('table').first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
    }
  });
});
