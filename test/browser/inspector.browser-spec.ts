import { demo } from '../../src/channels/simulator/demo-data.js';
import { hasBrowser, openBrowser, type TestBrowser } from '../support/browser.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

const person = '7000000000000101';
const host = 'https://stately.ai';
/** What the hosted inspector does, as the receiver of its package has it: asks for messages, and shows them. */
const standIn = `<!doctype html><ol></ol><script>
  addEventListener('message', ({ data }) => {
    document.querySelector('ol').append(Object.assign(document.createElement('li'), { textContent: JSON.stringify(data) }));
  });
  parent.postMessage({ type: '@statelyai.connected' }, '*');
</script>`;

suite('the hosted inspector', () => {
  let signalbox: TestSignalbox | null = null;
  let browser: TestBrowser | null = null;

  afterEach(async () => {
    await browser?.close();
    await signalbox?.stop();
  });

  const act = (action: object) =>
    signalbox?.api('POST', `/api/v1/simulator/pages/${demo.page}/people/${person}/actions`, action);

  /** Signs in, opens the thread and presses the button; answers the tab that opens. */
  const openInspector = async (settings: Record<string, string>) => {
    signalbox = await startSignalbox({ DEMO: 'true', ...settings });
    await act({ type: 'tap_ad', ad_id: demo.ad });
    await act({ type: 'message', text: 'a secret' });
    browser = await openBrowser(signalbox.url);
    await browser.context.route(`${host}/**`, (route) => route.fulfill({ contentType: 'text/html', body: standIn }));
    const { page } = browser;
    await page.goto(`${signalbox.url}/threads/${demo.page}/${person}`);
    await page.getByLabel('Admin token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const opened = browser.context.waitForEvent('page');
    await page.getByRole('button', { name: 'Open in the XState inspector' }).click();
    return opened;
  };

  it('is told the log of a thread and then what happens, and nothing that was said', async () => {
    const tab = await openInspector({ INSPECTOR_HOSTED: 'true' });
    const told = tab.frameLocator('iframe').getByRole('listitem');
    await tab.getByText(`Live: ${demo.page}/${person}`).waitFor();
    await told.filter({ hasText: '@xstate.actor' }).waitFor();
    await told.filter({ hasText: '@xstate.event' }).filter({ hasText: 'user.message' }).waitFor();
    await act({ type: 'get_started' });
    await told.filter({ hasText: '@xstate.event' }).filter({ hasText: 'user.get_started' }).waitFor();
    expect(await told.allTextContents()).not.toContainEqual(expect.stringContaining('secret'));
    // The ticket does not stay in the address.
    expect(new URL(tab.url()).hash).toBe('');
    await tab.reload();
    await tab.getByText('was used before').waitFor();
  });

  it('is off by default, and it says how to turn it on', async () => {
    const tab = await openInspector({});
    await tab.getByText('INSPECTOR_HOSTED=true').waitFor();
    expect(await tab.locator('iframe').count()).toBe(0);
  });
});
