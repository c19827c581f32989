import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { GraphClient } from '../support/graph-client.js';
import { hasBrowser, openBrowser, type TestBrowser } from '../support/browser.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';
import { hostileTexts } from '../support/xss-corpus.js';

const suite = hasBrowser() ? describe : describe.skip;

const shop = '104700000000001';
const shopInstagram = '17840000000000001';
const [marketing, support, inbox] = ['2100000000000011', '2200000000000022', '2300000000000033'] as const;
const person = (number: number) => `70000000000${String(number).padStart(5, '0')}`;
const perPerson = 120;

/** The texts one after the other, again from the start when there are no more, cut to what the place takes. */
function supply() {
  let next = 0;
  return (most = 1000) => {
    const text = hostileTexts[next++ % hostileTexts.length] ?? '';
    return [...text].slice(0, most).join('').trim();
  };
}

/**
 * Everything that people, apps, operators and receivers of webhooks can put into Signalbox is put into it as an attack, and
 * every screen is looked at. `faults` holds scripts that ran, what the content security policy had to stop, and requests
 * to others; it must stay empty. The policy is the second line: that it had nothing to do shows the first one held.
 */
suite('hostile texts', () => {
  let signalbox: TestSignalbox;
  let failing: Server;
  let browser: TestBrowser | undefined;
  /** What was put where, so that it can be looked for. */
  const put = {
    appNames: [] as string[],
    adTitles: [] as string[],
    refs: [] as string[],
    metadata: '',
    templateTitles: [] as string[],
    quickReplies: [] as string[],
    iceBreakers: [] as string[],
    pageName: '',
    greeting: '',
    pauseReason: '',
    tokenName: '',
  };

  const api = async (method: string, path: string, body?: unknown) => {
    const answer = await signalbox.api(method, `/api/v1${path}`, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const act = (psid: string, action: object) => api('POST', `/simulator/pages/${shop}/people/${psid}/actions`, action);
  const graphOf = async (app: string) => {
    const { page_access_token: token } = await api('POST', `/pages/${shop}/apps/${app}/token`);
    const client = new GraphClient(`${signalbox.url}/v12.0`, token);
    return async (path: string, body: unknown) => {
      const answer = await client.post(path, body);
      if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
      return answer.body;
    };
  };

  beforeAll(async () => {
    const text = supply();
    failing = createServer((request, response) => {
      if (request.method === 'GET') {
        response.end(new URL(request.url ?? '', 'http://x').searchParams.get('hub.challenge'));
      } else {
        response.writeHead(500, '<img src=x onerror=alert(1)>', { 'X-Attack': '<script>alert(1)</script>' });
        response.end(hostileTexts.join('\n'));
      }
    });
    await new Promise<void>((resolve) => failing.listen(0, '127.0.0.1', resolve));
    const callback = `http://127.0.0.1:${(failing.address() as AddressInfo).port}/x?a="><img src=x onerror=alert(1)>`;
    signalbox = await startSignalbox();

    for (const [app, kind] of [
      [marketing, 'bot'],
      [support, 'bot'],
      [inbox, 'inbox'],
    ] as const) {
      const name = text(200);
      put.appNames.push(name);
      await api('PUT', `/apps/${app}`, { name, kind, callback_url: app === support ? encodeURI(callback) : null });
    }
    put.pageName = text(200);
    await api('PUT', `/pages/${shop}`, { name: put.pageName, instagram: { id: shopInstagram } });
    for (const app of [marketing, support, inbox]) await api('PUT', `/pages/${shop}/apps/${app}`, {});
    await api('PUT', `/pages/${shop}`, {
      name: put.pageName,
      default_app_id: support,
      instagram: { id: shopInstagram, default_app_id: support },
    });
    for (let number = 1; number <= 8; number += 1) {
      const title = text();
      put.adTitles.push(title);
      await api('PUT', `/pages/${shop}/routes/ads/ad-${number}`, {
        receiving_app_id: marketing,
        ref: text(),
        title,
        template: {
          message: { text: text(), quick_replies: [{ content_type: 'text', title: text(20), payload: text() }] },
        },
      });
      const ref = text();
      put.refs.push(ref);
      await api('PUT', `/pages/${shop}/routes/links/${encodeURIComponent(ref)}`, { app_id: marketing });
    }
    put.tokenName = text(100);
    await api('POST', '/tokens', { name: put.tokenName, role: 'viewer' });

    // Every text is written by somebody.
    const people = Math.ceil(hostileTexts.length / perPerson);
    for (let number = 1; number <= people; number += 1) {
      for (const message of hostileTexts.slice((number - 1) * perPerson, number * perPerson)) {
        await act(person(number), { type: 'message', text: message });
      }
    }

    // And one person has everything else.
    const asSupport = await graphOf(support);
    const asMarketing = await graphOf(marketing);
    const somebody = person(1);
    const recipient = { id: somebody };
    put.greeting = text(160);
    put.iceBreakers.push(text(80), text(80));
    await asSupport('/me/messenger_profile', {
      greeting: [{ locale: 'default', text: put.greeting }],
      get_started: { payload: text() },
      ice_breakers: put.iceBreakers.map((question) => ({ question, payload: text() })),
    });
    put.templateTitles.push(text(80), text(20));
    await asSupport('/me/messages', {
      recipient,
      message: {
        attachment: {
          type: 'template',
          payload: {
            template_type: 'generic',
            elements: [
              {
                title: put.templateTitles[0],
                subtitle: text(80),
                image_url: 'https://stranger.invalid/picture.png',
                buttons: [
                  { type: 'postback', title: put.templateTitles[1], payload: text() },
                  { type: 'web_url', title: text(20), url: 'https://stranger.invalid/?"><script>alert(1)</script>' },
                ],
              },
            ],
          },
        },
      },
    });
    await asSupport('/me/messages', {
      recipient,
      message: { attachment: { type: 'image', payload: { url: 'https://stranger.invalid/picture.png' } } },
    });
    const { id: persona } = await asSupport('/me/personas', {
      name: text(80),
      profile_picture_url: 'https://stranger.invalid/face.png',
    });
    put.quickReplies.push(text(20), text(20));
    await asSupport('/me/messages', {
      recipient,
      persona_id: persona,
      message: {
        text: text(),
        metadata: text(),
        quick_replies: put.quickReplies.map((title) => ({ content_type: 'text', title, payload: text() })),
      },
    });
    put.metadata = text();
    const passed = { recipient: { id: person(500) }, target_app_id: marketing, metadata: put.metadata };
    await act(person(500), { type: 'message', text: text() });
    await asSupport('/me/pass_thread_control', passed);
    await asMarketing('/me/release_thread_control', { recipient: passed.recipient });
    for (const ref of put.refs) await act(somebody, { type: 'open_link', ref });
    await act(somebody, { type: 'get_started', title: text(), payload: text(), ref: text() });
    await act(somebody, { type: 'opt_in', ref: text() });
    await act(somebody, { type: 'tap_ad', ad_id: 'ad-1', ref: text() });
    await act(somebody, {
      type: 'message',
      attachments: [{ type: 'image', url: 'https://stranger.invalid/mine.png' }],
    });
    put.pauseReason = text();
    await api('POST', `/apps/${marketing}/pause`, { reason: put.pauseReason });
  });
  afterAll(async () => {
    await signalbox.stop();
    failing.closeAllConnections();
    await new Promise((resolve) => failing.close(resolve));
  });
  afterEach(async () => {
    await browser?.close();
    expect(browser?.faults).toEqual([]);
  });

  const open = async (address: string, token = adminToken) => {
    browser = await openBrowser(signalbox.url);
    const { page } = browser;
    await page.goto(`${signalbox.url}${address}`);
    await page.getByLabel('Admin token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Screens' }).waitFor();
    return page;
  };
  /** Waits until the screen shows these texts, to the letter. */
  const shows = async (page: Page, texts: readonly string[]) => {
    const missing = () =>
      page.evaluate((wanted) => {
        const { body } = (globalThis as any).document;
        const shown: string[] = [body.textContent];
        for (const field of body.querySelectorAll('input, textarea')) shown.push(field.value);
        return wanted.filter((one) => !shown.some((whole) => whole.includes(one)));
      }, texts);
    const givenUpAt = Date.now() + 20_000;
    while ((await missing()).length > 0 && Date.now() < givenUpAt) await page.waitForTimeout(50);
    expect(await missing()).toEqual([]);
  };

  it('stay text when people write them, wherever the thread is looked at', async () => {
    const page = await open('/threads');
    for (let first = 0; first < hostileTexts.length; first += perPerson) {
      const texts = hostileTexts.slice(first, first + perPerson).map((text) => text.trim());
      const thread = `${signalbox.url}/threads/${shop}/${person(first / perPerson + 1)}`;
      await page.goto(`${thread}?side=conversation`);
      await shows(page, texts);
      await page.getByRole('tab', { name: 'Timeline' }).click();
      await page.getByRole('region', { name: 'Timeline' }).getByRole('button').first().waitFor();
      await page.getByRole('tab', { name: 'Sequence' }).click();
      await page.getByRole('img', { name: /events between the person/ }).waitFor();
      await page.getByRole('tab', { name: 'What apps got' }).click();
      await page.getByRole('region', { name: 'What each app received' }).waitFor();
    }
  });

  it('stay text in names, titles, payloads, refs and metadata', async () => {
    const page = await open(`/threads/${shop}/${person(500)}`);
    const [marketingName = '', supportName = ''] = put.appNames;
    await shows(page, [marketingName, supportName, put.pageName]);
    await page.getByRole('tab', { name: 'What apps got' }).click();
    await page.getByRole('button', { name: 'Gets control' }).click();
    const body = page.getByRole('dialog', { name: 'Delivery' }).getByLabel(/^Body/);
    await body.getByText('pass_thread_control', { exact: false }).waitFor();
    expect(JSON.parse((await body.textContent()) ?? '').entry[0].messaging[0].pass_thread_control.metadata).toBe(
      put.metadata,
    );
    await page.goto(`${signalbox.url}/threads/${shop}/${person(1)}`);
    await page.getByRole('tab', { name: 'Conversation' }).click();
    await shows(page, [...put.templateTitles, ...put.quickReplies]);
    await page.getByRole('tab', { name: 'What apps got' }).click();
    await page
      .getByRole('region', { name: 'What each app received' })
      .getByRole('button', { name: /^(Message|Standby)/ })
      .first()
      .click();
    await page.getByRole('dialog', { name: 'Delivery' }).getByRole('region', { name: 'Request' }).waitFor();
    await page.goto(`${signalbox.url}/threads?q=${encodeURIComponent('<img src=x onerror=alert(1)>')}`);
    await page.getByRole('navigation', { name: 'Screens' }).waitFor();
    await page.goto(`${signalbox.url}/customer?page=${shop}&people=messenger.${person(1)},messenger.${person(999)}`);
    await shows(page, [put.greeting, ...put.iceBreakers, ...put.adTitles, ...put.templateTitles]);
    await page.goto(`${signalbox.url}/inbox`);
    await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor();
    await page.getByRole('button', { name: /^All/ }).click();
    await shows(page, put.appNames.slice(0, 1));
  });

  it('stay text in the configuration, the audit trail and the log of deliveries', async () => {
    const page = await open(`/configuration/pages/${shop}`);
    await shows(page, [put.pageName, ...put.appNames, ...put.adTitles, ...put.refs]);
    await page.goto(`${signalbox.url}/configuration/apps`);
    await shows(page, put.appNames);
    await page.goto(`${signalbox.url}/configuration/tokens`);
    await shows(page, [put.tokenName]);
    await page.goto(`${signalbox.url}/configuration/audit`);
    await page.getByRole('table').waitFor();
    await page.goto(`${signalbox.url}/deliveries?app=${support}`);
    await shows(page, [put.pauseReason, ...put.appNames]);
    await page
      .getByRole('button', { name: /^Open delivery/ })
      .first()
      .click();
    await page
      .getByRole('dialog', { name: 'Delivery' })
      .getByRole('region', { name: 'Attempts' })
      .getByText('500')
      .first()
      .waitFor();
  });
});
