import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demo } from '../../src/channels/simulator/demo-data.js';
import { hasBrowser, openBrowser, type TestBrowser } from '../support/browser.js';
import { startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { xssCorpus, xssOfAtMost } from '../support/xss-corpus.js';

const suite = hasBrowser() ? describe : describe.skip;

const person = '7000000000000301';
const talker = '7000000000000302';

/** A page of screens holds many strings at once. */
const together = <Item>(items: readonly Item[], count: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / count) }, (_, index) =>
    items.slice(index * count, (index + 1) * count),
  );

suite('an attacker who writes markup wherever people read', () => {
  let signalbox: TestSignalbox;
  let browser: TestBrowser;
  let failing: Server;
  const messages = together(xssCorpus, 12).map((strings) => strings.join(' | '));

  const ask = async (method: string, path: string, body?: object) => {
    const answer = await signalbox.api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const act = (psid: string, action: object) =>
    ask('POST', `/api/v1/simulator/pages/${demo.page}/people/${psid}/actions`, action);

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    const graph = async (appId: string) => {
      const { page_access_token: token } = await ask('POST', `/api/v1/pages/${demo.page}/apps/${appId}/token`);
      return (endpoint: string, body: object) => ask('POST', `/v12.0/me/${endpoint}?access_token=${token}`, body);
    };
    const [marketing, support] = [await graph(demo.marketingBot), await graph(demo.supportBot)];

    // Names of pages and apps, titles and refs of routes.
    const names = xssOfAtMost(90);
    for (const [index, name] of names.slice(0, 40).entries()) {
      await ask('PUT', `/api/v1/pages/${200_000 + index}`, { name });
      await ask('PUT', `/api/v1/apps/${300_000 + index}`, { name: names.at(-1 - index), kind: 'bot' });
      await ask('PUT', `/api/v1/pages/${demo.page}/routes/ads/ad-${index}`, {
        receiving_app_id: demo.marketingBot,
        title: names[index + 1],
      });
    }
    await ask('PUT', `/api/v1/pages/${demo.page}`, {
      name: names[0],
      default_app_id: demo.supportBot,
      instagram: { id: demo.instagram, default_app_id: demo.supportBot },
    });

    // An app whose errors are markup.
    failing = createServer((request, response) => {
      const challenge = new URL(request.url ?? '/', 'http://app').searchParams.get('hub.challenge');
      response.writeHead(challenge === null ? 500 : 200, { 'content-type': 'text/html' });
      response.end(challenge ?? messages[0]);
    });
    await new Promise<void>((resolve) => failing.listen(0, '127.0.0.1', resolve));
    for (const [appId, name] of [
      [demo.marketingBot, names[2]],
      [demo.supportBot, names[3]],
    ]) {
      await ask('PUT', `/api/v1/apps/${appId}`, {
        name,
        kind: 'bot',
        callback_url: `http://127.0.0.1:${(failing.address() as AddressInfo).port}/webhook`,
      });
    }

    // Texts, refs, titles, payloads and metadata.
    await act(person, { type: 'tap_ad', ad_id: demo.ad, ref: xssCorpus.slice(0, 12).join('') });
    for (const text of messages) await act(person, { type: 'message', text });
    await act(talker, { type: 'tap_ad', ad_id: demo.ad });
    const titles = xssOfAtMost(20);
    for (const [index, part] of together(xssOfAtMost(900), 13).entries()) {
      const title = (at: number) => titles[(index + at) % titles.length];
      await act(talker, { type: 'get_started', title: part[0], payload: part[0] });
      await marketing('messages', {
        recipient: { id: talker },
        messaging_type: 'RESPONSE',
        message: {
          text: part.join(' '),
          quick_replies: part.map((payload, at) => ({ content_type: 'text', title: title(at), payload })),
        },
      });
      await act(talker, { type: 'tap_quick_reply', payload: part[0] });
      await marketing('messages', {
        recipient: { id: talker },
        messaging_type: 'RESPONSE',
        message: {
          attachment: {
            type: 'template',
            payload: {
              template_type: 'button',
              text: part.join(' ').slice(0, 600),
              buttons: part.slice(0, 3).map((payload, at) => ({ type: 'postback', title: title(at), payload })),
            },
          },
        },
      });
      await act(talker, { type: 'tap_button', payload: part[0] });
      const handover = { recipient: { id: talker }, metadata: part.join(' ').slice(0, 900) };
      await marketing('pass_thread_control', { ...handover, target_app_id: demo.supportBot });
      await support('pass_thread_control', { ...handover, target_app_id: demo.marketingBot });
    }
  });
  afterAll(async () => {
    await signalbox.stop();
    failing.closeAllConnections();
    failing.close();
  });
  afterEach(() => browser.close());

  it('runs nothing, asks no other host, and is read as what was written', async () => {
    expect(xssCorpus.length).toBeGreaterThanOrEqual(300);
    browser = await openBrowser(signalbox.url);
    const { page } = browser;
    await page.goto(`${signalbox.url}/sign-in#code=${await signalbox.createSignInCode()}`);
    await page.getByRole('navigation', { name: 'Screens' }).waitFor();

    const of = (psid: string) => `/threads/${demo.page}/${psid}`;
    const main = page.getByRole('main');
    for (const [address, awaited] of [
      [`${of(person)}?side=conversation`, page.getByRole('region', { name: 'Conversation at this moment' })],
      [`${of(person)}?view=sequence`, page.getByRole('region', { name: 'Timeline' })],
      [`${of(person)}?view=apps`, page.getByRole('table')],
      [`${of(talker)}?side=conversation`, page.getByRole('region', { name: 'Conversation at this moment' })],
      [`${of(talker)}?view=sequence`, page.getByRole('region', { name: 'Timeline' })],
      [`${of(talker)}?view=apps`, page.getByRole('table')],
      [`/customer?page=${demo.page}&people=messenger.${person},messenger.${talker}`, page.getByRole('log').last()],
      [`/inbox?show=all&thread=${demo.page}/${talker}`, page.getByLabel('Your answer')],
      ['/threads', page.getByRole('row', { name: talker })],
      ['/deliveries', page.getByRole('table').first()],
      ['/configuration', page.getByRole('table').first()],
      ['/configuration/apps', page.getByRole('table').first()],
      [`/configuration/pages/${demo.page}`, page.getByLabel('Does')],
    ] as const) {
      await page.goto(`${signalbox.url}${address}`);
      await awaited.waitFor();
      await main.getByText('alert', { exact: false }).first().waitFor({ state: 'attached' });
    }

    // Every string of the messages is there, as text.
    await page.goto(`${signalbox.url}${of(person)}?side=conversation`);
    const conversation = page.getByRole('region', { name: 'Conversation at this moment' });
    await conversation.getByText('prefetch').first().waitFor();
    const shown = (await conversation.textContent()) ?? '';
    expect(messages.filter((text) => !shown.includes(text))).toEqual([]);

    // What an app answered with is read in its delivery.
    await page.goto(`${signalbox.url}${of(person)}?view=apps`);
    await page.locator('.got').first().click();
    await page.getByRole('dialog', { name: 'Delivery' }).getByText('500').first().waitFor();
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(browser.faults).toEqual([]);
  });
});
