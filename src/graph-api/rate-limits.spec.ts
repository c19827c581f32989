import { FakeClock } from '../../test/support/fake-clock.js';
import { connection, desk, newYear, page } from '../../test/support/thread-fixtures.js';
import { readSettings } from '../config/settings.js';
import type { App } from '../store/configuration.js';
import type { Caller } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { RateLimits } from './rate-limits.js';

const clock = new FakeClock(newYear);
const shop = page();
const app = { appId: desk } as App;
const caller: Caller = { kind: 'page', app, page: shop, connection: connection(desk), accessToken: 'EAA' };
let people: number;

function limits(setting = 'platform'): RateLimits {
  return new RateLimits(readSettings({ RATE_LIMITS: setting }), clock, {
    countEngaged: () => Promise.resolve(people),
  } as any);
}

/** How many calls are taken in a row, up to 10,000, and the code by which the next is refused. */
async function take(call: () => Promise<void> | void): Promise<[taken: number, code: number | null]> {
  for (let taken = 0; taken < 10_000; taken++) {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return [taken, error.envelope('A').error.code];
    }
  }
  return [10_000, null];
}

beforeEach(() => {
  people = 2;
});

it('takes 300 sends a second to one page, and 10 of audio or video', async () => {
  const rates = limits();
  const send = (media: boolean) => () => rates.countSend(shop.pageId, 'messenger', media);
  expect(await take(send(true))).toEqual([10, 613]);
  clock.advance(999);
  expect(await take(send(true))).toEqual([0, 613]);
  clock.advance(1);
  expect(await take(send(false))).toEqual([300, 613]);
});

it('says on Instagram that it is Instagram', async () => {
  const rates = limits();
  const send = () => rates.countSend(shop.pageId, 'instagram', true);
  await take(send);
  await expect(send()).rejects.toMatchObject({ reason: 'rate_limit_reached_instagram' });
  expect(new GraphError('rate_limit_reached_instagram').envelope('A').error).toMatchObject({
    code: 613,
    error_subcode: 2534040,
  });
});

it('takes 200 sends within 24 hours for each person, by channel', async () => {
  people = 1;
  const rates = limits();
  const send = (channel: 'messenger' | 'instagram') => () => rates.countSend(shop.pageId, channel, false);
  expect(await take(send('messenger'))).toEqual([200, 80006]);
  clock.advance(1000);
  expect(await take(send('instagram'))).toEqual([200, 80002]);
  people = 2;
  clock.advance(60_000);
  expect(await take(send('messenger'))).toEqual([200, 80006]);
  clock.advance(24 * 3_600_000);
  expect(await take(send('messenger'))).toEqual([300, 613]);
});

it('takes 4800 calls of a page within 24 hours for each person, or one person’s worth', async () => {
  people = 0;
  expect(await take(() => limits().countCall(caller))).toEqual([10_000, null]);
  const rates = limits();
  expect(await take(() => rates.countCall(caller))).toEqual([4800, 32]);
});

it('takes two lists of conversations a second', async () => {
  const rates = limits();
  expect(await take(() => rates.count(shop.pageId, 'conversations'))).toEqual([2, 613]);
});

it('says nothing and refuses nothing unless it is asked for', async () => {
  const rates = limits('off');
  const headers: string[] = [];
  await rates.tellUsage(caller, (name) => headers.push(name));
  expect(headers).toEqual([]);
  expect(await take(() => rates.count(shop.pageId, 'profile'))).toEqual([10_000, null]);
});
