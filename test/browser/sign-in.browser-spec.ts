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

suite('a person who signs in', () => {
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

  it('follows the link that the start prints, once, and no code stays in the address', async () => {
    const link = `${signalbox.url}/sign-in#code=${await signalbox.createSignInCode()}`;
    browser = await openBrowser(signalbox.url);
    const { page } = browser;
    await page.goto(link);
    await page.getByText('Nobody has written yet').waitFor();
    expect(page.url()).not.toContain('code');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByText('This sign-in link was used', { exact: false }).waitFor();
  });

  it('is told when the session ends, and comes back to where they were', async () => {
    const { body } = await signalbox.api('POST', '/api/v1/tokens', { name: 'Short lived', role: 'operator' });
    browser = await openBrowser(signalbox.url);
    const { page } = browser;
    await page.goto(`${signalbox.url}/configuration/pages/${demo.page}?page=${demo.page}`);
    await page.getByLabel('Admin token').fill(body.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Garden shop' }).waitFor();

    await signalbox.api('DELETE', `/api/v1/tokens/${body.token_id}`);
    // The live stream ends with the token, so nobody need touch anything.
    await page.getByText('Your session has ended.', { exact: false }).waitFor();

    await page.getByLabel('Admin token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Garden shop' }).waitFor();
    expect(new URL(page.url()).search).toBe(`?page=${demo.page}`);
  });

  it.each<Theme>(['light', 'dark'])('can do so whatever senses they have, %s', async (theme) => {
    browser = await openBrowser(signalbox.url, theme);
    const { page } = browser;
    await page.goto(signalbox.url);
    await page.getByLabel('Admin token').fill('wrong');
    await takePicture(page, `sign-in-${theme}`);
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.locator('.field-error').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });
});
