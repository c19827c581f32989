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

const people = ['7000000000000401', '7000000000000402'] as const;

suite('an operator who looks after deliveries', () => {
  let signalbox: TestSignalbox;
  let receiver: Receiver;
  let browser: TestBrowser;

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    receiver = await Receiver.start('the-secret', 'verify-me');
    receiver.answer = () => 500;
    await signalbox.api('PUT', `/api/v1/apps/${demo.supportBot}`, {
      name: 'Support bot',
      callback_url: receiver.url,
      verify_token: 'verify-me',
      app_secret: 'the-secret',
    });
    for (const person of people) {
      await signalbox.api('POST', `/api/v1/simulator/pages/${demo.page}/people/${person}/actions`, {
        type: 'message',
        text: `Hello from ${person}`,
      });
      await receiver.waitFor('the message', () => receiver.about(person)[0]);
    }
  });
  afterAll(async () => {
    await signalbox.stop();
    await receiver.close();
  });
  afterEach(async () => {
    const { faults } = browser;
    await browser.close();
    expect(faults).toEqual([]);
  });

  const open = async (address: string, token = adminToken, theme: Theme = 'light') => {
    browser = await openBrowser(signalbox.url, theme);
    const { page } = browser;
    await page.goto(`${signalbox.url}${address}`);
    await page.getByLabel('Admin token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Screens' }).waitFor();
    return page;
  };
  const tokenOf = async (role: string) => {
    const { body } = await signalbox.api('POST', '/api/v1/tokens', { name: `The ${role}`, role });
    return body.token as string;
  };

  it('sees the failing app first, and what it answered', async () => {
    const page = await open('/deliveries', await tokenOf('operator'));
    const apps = page.getByRole('region', { name: 'Apps' });
    const first = apps.getByRole('row').nth(1);
    await first.getByText('Support bot').waitFor();
    await first.getByText(/failing since .*: answered 500.*next attempt/).waitFor();
    await page.getByLabel('App', { exact: true }).selectOption({ label: 'Support bot' });
    expect(page.url()).toContain(`app=${demo.supportBot}`);
    // The list still holds the others for a moment.
    const rows = page.getByRole('region', { name: 'Log' }).getByRole('row', { name: people[0] });
    await rows.filter({ hasText: 'Marketing bot' }).waitFor({ state: 'detached' });
    const row = rows.filter({ hasText: 'Support bot' });
    await row.getByRole('button', { name: /^Open delivery/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Delivery' });
    await dialog.getByRole('region', { name: 'Attempts' }).getByText('500').first().waitFor();
    const request = dialog.getByRole('region', { name: 'Request' });
    const sent = receiver.about(people[0])[0];
    await request.getByText(`POST ${receiver.url}`).waitFor();
    await request.getByText('X-Hub-Signature-256:').waitFor();
    expect(await request.getByLabel('Body, byte for byte').textContent()).toBe(sent?.body);
    await request.getByRole('button', { name: 'Indented' }).click();
    await request
      .getByLabel('Body, indented')
      .getByText(`"text": "Hello from ${people[0]}"`, { exact: false })
      .waitFor();
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await request.getByRole('button', { name: 'Copy as curl' }).click();
    await request.getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^curl -X POST 'http:/);
    expect(page.url()).toContain('delivery=');
  });

  it('is told as a viewer why the bytes are not shown', async () => {
    const page = await open('/deliveries', await tokenOf('viewer'));
    await page
      .getByRole('button', { name: /^Open delivery/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog', { name: 'Delivery' });
    await dialog
      .getByText('The exact bytes hold what people wrote, which viewers do not see.', { exact: false })
      .waitFor();
    const again = dialog.getByRole('button', { name: 'Send again' });
    expect(await again.isDisabled()).toBe(true);
    expect(await again.getAttribute('title')).toBe('Operators and admins may do this; you are signed in as a viewer.');
  });

  it.each(['light', 'dark'] as const)('can use it whatever senses they have, %s', async (theme) => {
    const page = await open('/deliveries', adminToken, theme);
    await page
      .getByRole('button', { name: /^Open delivery/ })
      .first()
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await takePicture(page, `deliveries-${theme}`);
    await page
      .getByRole('button', { name: /^Open delivery/ })
      .first()
      .click();
    await page.getByRole('dialog', { name: 'Delivery' }).getByRole('region', { name: 'Attempts' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await takePicture(page, `delivery-${theme}`);
  });

  it('sends those that were chosen again, and no others', async () => {
    const page = await open(`/deliveries?app=${demo.supportBot}`);
    const log = page.getByRole('region', { name: 'Log' });
    const [one, other] = people;
    await log.getByRole('row', { name: one }).first().waitFor();
    await log.getByRole('row', { name: one }).first().getByRole('checkbox').check();
    await log.getByText('1 delivery chosen').waitFor();
    const seen = receiver.about(one).length;
    const untouched = receiver.posts.filter(({ headers }) => headers['x-signalbox-replay'] !== undefined).length;
    receiver.answer = () => 200;
    await page.getByRole('button', { name: 'Send the chosen again' }).click();
    await page.getByText('1 delivery will be sent again, with the same ids and the same bytes.').waitFor();
    const again = await receiver.waitFor(
      'the replay',
      (posts) => posts.filter(({ headers }) => headers['x-signalbox-replay'] !== undefined)[untouched],
    );
    expect(again.people).toEqual([one]);
    expect(again.body).toBe(receiver.about(one)[0]?.body);
    expect(receiver.about(one).length).toBeGreaterThan(seen);
    const replayed = receiver.about(other).filter(({ headers }) => headers['x-signalbox-replay'] !== undefined);
    expect(replayed).toEqual([]);
  });

  it('pauses an app, with a reason, and lets it go on', async () => {
    const page = await open('/deliveries');
    const row = page.getByRole('region', { name: 'Apps' }).getByRole('row', { name: /Marketing bot/ });
    await row.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('Reason').fill('Its server is moved');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await row.getByText('paused').waitFor();
    await row.getByText('Its server is moved').waitFor();
    await row.getByRole('button', { name: 'Resume' }).click();
    await row.getByText('paused').waitFor({ state: 'detached' });
  });
});
