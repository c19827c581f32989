import { Client } from 'pg';
import type { Locator, Page } from 'playwright-core';
import { demo } from '../../src/channels/simulator/demo-data.js';
import { laneOf, psid } from '../../src/domain/ids.js';
import { hasBrowser, openBrowser, type TestBrowser } from '../support/browser.js';
import { adminToken, startSignalbox, type TestSignalbox } from '../support/signalbox.js';

const suite = hasBrowser() ? describe : describe.skip;

const threadCount = 10_000;
const minuteMs = 60_000;

/** Who wrote, the latest first. */
const people = Array.from({ length: threadCount }, (_, index) => psid(String(8_000_000_000_000_000 + index)))
  .map((person) => ({ person, lane: laneOf({ pageId: demo.page, psid: person }) }))
  .sort((one, other) => one.lane - other.lane || (one.person < other.person ? -1 : 1));
/** What people are called in the emulator. */
const nameOf = (index: number) => `Person ${people.at(index)?.person.slice(-4)}`;
const first = nameOf(0);
const last = nameOf(-1);

suite('a person with ten thousand threads', () => {
  let signalbox: TestSignalbox;
  let browser: TestBrowser;
  let page: Page;
  let list: Locator;

  beforeAll(async () => {
    signalbox = await startSignalbox({ DEMO: 'true' });
    const client = new Client(signalbox.database.url);
    await client.connect();
    const now = Date.now();
    await client.query(
      `insert into thread (lane, page_id, psid, channel, state, owner_app_id, last_user_event_at, deadline_at, wake_at,
                           owner_since, last_at, version, machine_version)
       select lane, $1, psid, 'messenger', 'default-owned', $2, at, at + interval '1 day', at + interval '1 day', at, at, 1, 1
         from unnest($3::smallint[], $4::text[], $5::timestamptz[]) as made (lane, psid, at)`,
      [
        demo.page,
        demo.supportBot,
        people.map(({ lane }) => lane),
        people.map(({ person }) => person),
        // Within the day, so that none of them is due.
        people.map((_, index) => new Date(now - minuteMs - index * 1_000)),
      ],
    );
    await client.end();
  });
  afterAll(() => signalbox.stop());

  beforeEach(async () => {
    browser = await openBrowser(signalbox.url);
    ({ page } = browser);
    await page.goto(`${signalbox.url}/threads`);
    await page.getByLabel('Admin token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    list = page.getByRole('rowgroup', { name: 'Threads' });
    await page.getByRole('link', { name: first }).waitFor();
  });
  afterEach(async () => {
    const { faults } = browser;
    await browser.close();
    expect(faults).toEqual([]);
  });

  /** Resolves once the screen is full of threads that can be read: a hole where threads should be would stay one. */
  const full = async () =>
    page.waitForFunction(
      (body: any) => {
        const { top, bottom } = body.getBoundingClientRect();
        const heights = [...body.querySelectorAll('[role="row"]')]
          .filter((row: any) => row.textContent !== '')
          .map((row: any) => row.getBoundingClientRect())
          .filter((place: any) => place.bottom > top && place.top < bottom)
          .map((place: any) => place.height as number);
        return heights.reduce((sum, height) => sum + height, 0) >= bottom - top;
      },
      await list.elementHandle(),
    );

  /** Goes on with `step` until the last thread can be seen. */
  const scrollToTheEnd = async (step: () => Promise<void>) => {
    const end = page.getByRole('link', { name: last });
    while (!(await end.isVisible())) {
      await step();
      await full();
    }
    await page.getByText('10,000 threads', { exact: true }).waitFor();
  };

  it('scrolls to the last one with the wheel', async () => {
    await list.hover();
    await scrollToTheEnd(() => page.mouse.wheel(0, 6_000));
    await page.getByRole('link', { name: last }).click();
    await page.getByRole('heading', { name: last }).waitFor();
  });

  it('scrolls to the last one with the keyboard, and back to the first', async () => {
    await list.focus();
    await scrollToTheEnd(() => page.keyboard.press('End'));
    await page.keyboard.press('Home');
    await page.getByRole('link', { name: first }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: first }).waitFor();
  });

  it('finds one person among them', async () => {
    const wanted = nameOf(threadCount / 2);
    await page.keyboard.press('/');
    await page.keyboard.type(wanted);
    await page.getByText('1 thread', { exact: true }).waitFor();
    await page.getByRole('link', { name: wanted }).click();
    await page.getByRole('heading', { name: wanted }).waitFor();
  });
});
