import { demo } from '../../src/channels/simulator/demo-data.js';
import {
  hasBrowser,
  openBrowser,
  seriousFindings,
  takePicture,
  type TestBrowser,
  type Theme,
} from '../support/browser.js';
import { Receiver } from '../support/receiver.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

suite('an admin who configures in the console', () => {
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

  const open = async (
    address: string,
    { theme = 'light', token = adminToken }: { theme?: Theme; token?: string } = {},
  ) => {
    browser = await openBrowser(signalbox.url, theme);
    const { page } = browser;
    await page.goto(`${signalbox.url}${address}`);
    await page.getByLabel('Admin token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Screens' }).waitFor();
    return page;
  };
  const pageScreen = `/configuration/pages/${demo.page}`;
  const tokenOf = async (role: string) => {
    const { body } = await signalbox.api('POST', '/api/v1/tokens', { name: `The ${role}`, role });
    return body.token as string;
  };

  it('tries out where a person would go, and nothing happens', async () => {
    const page = await open(pageScreen);
    const tryOut = page.getByRole('region', { name: 'Try it out' });
    await tryOut.getByLabel('Does').selectOption('tap_ad');
    await tryOut.getByRole('button', { name: 'Explain' }).click();
    await tryOut.getByText(`The ad ${demo.ad} routes to Marketing bot`, { exact: false }).waitFor();
    await tryOut.getByLabel('Ad', { exact: true }).selectOption({ label: 'Another one…' });
    await tryOut.getByLabel('Another ad id').fill('999');
    await tryOut.getByRole('button', { name: 'Explain' }).click();
    await tryOut.getByText('Nothing routes it elsewhere', { exact: false }).waitFor();
    await page.getByRole('link', { name: 'Threads', exact: true }).click();
    await page.getByText('Nobody has written yet').waitFor();
  });

  it('routes an ad with a welcome template, changes it, and stops routing it after being asked', async () => {
    const page = await open(pageScreen);
    const ads = page.getByRole('region', { name: 'Ads' });
    await ads.getByRole('button', { name: 'Route an ad' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Ad id').fill('autumn-1');
    await dialog.getByLabel('Its conversations go to').selectOption({ label: 'Marketing bot' });
    await dialog.getByLabel('Title').fill('Autumn sale');
    await dialog.getByLabel('Welcome template').fill('{"message": ');
    await dialog.getByText('This is not JSON', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByLabel('Welcome template').fill('');
    await dialog.getByRole('button', { name: 'Begin with an example' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    const row = ads.getByRole('row', { name: /Autumn sale/ });
    await row.getByText('welcome template with 1 button and 1 quick reply').waitFor();
    await row.getByText('Marketing bot').waitFor();

    await row.getByRole('button', { name: 'Change the ad Autumn sale' }).click();
    await dialog.getByLabel('Its conversations go to').selectOption({ label: 'Support bot' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.getByText('Support bot').waitFor();
    await row.getByText('welcome template with 1 button and 1 quick reply').waitFor();

    await row.getByRole('button', { name: 'No longer route the ad Autumn sale' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await row.getByRole('button', { name: 'No longer route the ad Autumn sale' }).click();
    await dialog.getByRole('button', { name: 'Stop routing it' }).click();
    await row.waitFor({ state: 'detached' });
  });

  it('routes a link, and gives it to another app', async () => {
    const page = await open(pageScreen);
    const links = page.getByRole('region', { name: 'Links' });
    await links.getByRole('button', { name: 'Route a link' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Ref').fill('summer sale?&1');
    await dialog.getByLabel('Its conversations go to').selectOption({ label: 'Marketing bot' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    const row = links.getByRole('row', { name: /summer sale\?&1/ });
    await row.getByRole('button', { name: 'Change the link' }).click();
    await dialog.getByLabel('Its conversations go to').selectOption({ label: 'Support bot' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.getByText('Support bot').waitFor();
  });

  it('adds a page with everything it takes, and deletes it by its name', async () => {
    const page = await open('/configuration');
    await page.getByRole('button', { name: 'Add a page' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Page id').fill('104700000000077');
    await dialog.getByLabel('Name').fill('Book shop');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'No app is connected' }).waitFor();

    await page.getByRole('button', { name: 'Connect an app' }).click();
    await dialog.getByLabel('App', { exact: true }).selectOption({ label: 'Support bot' });
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('button', { name: 'Copy the page access token' }).waitFor();
    await page.getByRole('button', { name: 'I have copied it' }).click();

    await page.getByRole('region', { name: 'Page' }).getByRole('button', { name: 'Change…' }).click();
    await dialog.getByLabel('Default app on Messenger').selectOption({ label: 'Support bot' });
    await dialog.getByLabel('Social app on Messenger').selectOption({ label: 'Support bot' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page
      .getByRole('region', { name: 'Page' })
      .getByRole('row', { name: /Messenger.*Support bot.*Support bot/ })
      .waitFor();

    await page.getByRole('region', { name: 'Page' }).getByRole('button', { name: 'Delete…' }).click();
    await dialog.getByLabel(/Enter the page’s name/).fill('Bok shop');
    await dialog.getByRole('button', { name: 'Delete the page' }).click();
    await dialog.getByText('This is not the name of the page.').waitFor();
    await dialog.getByLabel(/Enter the page’s name/).fill('Book shop');
    await dialog.getByRole('button', { name: 'Delete the page' }).click();
    await page.getByRole('table').getByText('Garden shop').waitFor();
    expect(await page.getByRole('row', { name: /Book shop/ }).count()).toBe(0);
  });

  it('is told what is wrong and why it matters, and mends it with one click each', async () => {
    await signalbox.api('PUT', '/api/v1/pages/104700000000088', { name: 'Toy shop' });
    await signalbox.api('PUT', `/api/v1/pages/104700000000088/apps/${demo.supportBot}`, {
      subscribed_fields: ['messages', 'standby'],
      standby: { messenger: true, instagram: true },
      can_take_control: true,
    });
    await signalbox.api('PUT', '/api/v1/pages/104700000000088/routes/ads/ad-1', {
      receiving_app_id: demo.marketingBot,
    });
    const page = await open('/configuration/pages/104700000000088');
    const checks = page.getByRole('region', { name: 'Checks' });
    const check = (text: string | RegExp) => checks.getByRole('listitem').filter({ hasText: text });

    await check('There is no default app').getByText('all of them may answer', { exact: false }).waitFor();
    await check('There is no default app').getByRole('button', { name: 'Make it Support bot' }).click();
    await check('There is no default app').waitFor({ state: 'detached' });
    await check('is not subscribed to').getByRole('button', { name: 'Subscribe it to them' }).click();
    await check('is not subscribed to').waitFor({ state: 'detached' });
    await check('may take control by sending').getByRole('button', { name: 'Let it take no control' }).click();
    await check('may take control by sending').waitFor({ state: 'detached' });
    await check('The ad ad-1 routes to Marketing bot').getByRole('button', { name: 'Connect Marketing bot' }).click();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await check('The ad ad-1 routes to Marketing bot').waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Connected apps' }).getByText('Marketing bot').waitFor();
  });

  it('gives an app a new secret, and what it is sent is signed with that', async () => {
    const receiver = await Receiver.start('the-secret-before', 'verify-me');
    try {
      await signalbox.api('PUT', `/api/v1/apps/${demo.marketingBot}`, {
        name: 'Marketing bot',
        callback_url: receiver.url,
        verify_token: 'verify-me',
        app_secret: 'the-secret-before',
      });
      const page = await open('/configuration/apps');
      const row = page.getByRole('row', { name: /Marketing bot/ });
      await row.getByRole('button', { name: 'New secret…' }).click();
      const dialog = page.getByRole('dialog');
      receiver.appSecret = await dialog.getByLabel('App secret').inputValue();
      expect(receiver.appSecret).toMatch(/^[0-9a-f]{32}$/);
      await dialog.getByRole('button', { name: 'Sign with it from now on' }).click();
      await dialog.waitFor({ state: 'detached' });
      await signalbox.api('POST', `/api/v1/simulator/pages/${demo.page}/people/7000000000000301/actions`, {
        type: 'tap_ad',
        ad_id: demo.ad,
      });
      await receiver.waitFor('the referral', () => receiver.about('7000000000000301')[0]);
      expect(receiver.faults).toEqual([]);
    } finally {
      await signalbox.api('PUT', `/api/v1/apps/${demo.marketingBot}`, { name: 'Marketing bot' });
      await receiver.close();
    }
  });

  it('gives somebody a token, sees that in the audit trail, and revokes it', async () => {
    const page = await open('/configuration/tokens');
    await page.getByRole('button', { name: 'New token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Night shift');
    await dialog.getByLabel(/^operator/).check();
    await dialog.getByRole('button', { name: 'Make the token' }).click();
    await page.getByRole('button', { name: 'Copy the admin token' }).waitFor();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    const row = page.getByRole('row', { name: /Night shift/ });
    await row.getByText('operator').waitFor();

    await row.getByRole('button', { name: 'Revoke…' }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await row.getByText('revoked').waitFor();
    expect(await row.getByRole('button').count()).toBe(0);

    await page.getByRole('link', { name: 'Audit trail' }).click();
    const trail = page.getByRole('region', { name: 'Audit trail' });
    await trail
      .getByRole('row', { name: /revoked an admin token/ })
      .first()
      .waitFor();
    await trail
      .getByRole('button', { name: /made an admin token/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText('"Night shift"').waitFor();
  });

  it('is told as a viewer why nothing can be changed', async () => {
    const page = await open(pageScreen, { token: await tokenOf('viewer') });
    const change = page.getByRole('region', { name: 'Page' }).getByRole('button', { name: 'Change…' });
    await change.waitFor();
    const reason = 'Only admins may do this; you are signed in as a viewer.';
    expect(await change.getAttribute('title')).toBe(reason);
    expect(await change.isDisabled()).toBe(true);
    await change.click({ force: true });
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.getByText(reason, { exact: false }).first().waitFor();
    await page.getByRole('link', { name: 'Audit trail' }).click();
    await page.getByText('Only admins see the audit trail').waitFor();
    expect(await page.getByRole('button', { name: '+24 h' }).isDisabled()).toBe(true);
  });

  describe.each<Theme>(['light', 'dark'])('in the %s theme', (theme) => {
    it.each([
      ['configuration', '/configuration', 'Garden shop'],
      ['page', pageScreen, 'Try it out'],
      ['apps-configuration', '/configuration/apps', 'Marketing bot'],
      ['admin-tokens', '/configuration/tokens', 'The viewer'],
      ['audit-trail', '/configuration/audit', 'signed in'],
    ])('can use the screen %s, whatever senses they have', async (name, address, awaited) => {
      const page = await open(address, { theme });
      await page.getByRole('main').getByText(awaited, { exact: false }).first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await takePicture(page, `${name}-${theme}`);
    });
  });
});
