import { appId, laneOf, pageId, psid } from '../ids.js';
import type { Connection, Page } from '../page.js';
import { toWireJson } from '../wire-json.js';
import { decide, overdue } from './decide.js';
import type { UserEvent } from './thread.events.js';
import { newThread } from './thread.js';

const marketing = appId('2100000000000011');
const desk = appId('2200000000000022');
const shop = pageId('104700000000001');
const person = psid('7000000000000101');

function connection(id: typeof marketing): Connection {
  return {
    appId: id,
    appName: id,
    kind: 'bot',
    subscribedFields: new Set([
      'messages',
      'messaging_postbacks',
      'messaging_referrals',
      'messaging_handovers',
      'standby',
    ] as const),
    standby: { messenger: true, instagram: true },
    canTakeControl: false,
  };
}

const page: Page = {
  pageId: shop,
  name: 'Shop',
  instagramId: null,
  routing: {
    messenger: { defaultAppId: desk, socialAppId: null },
    instagram: { defaultAppId: null, socialAppId: null },
  },
  connections: new Map([
    [marketing, connection(marketing)],
    [desk, connection(desk)],
  ]),
  adRoutes: new Map([['9', { adId: '9', receivingAppId: marketing, ref: 'spring', title: null }]]),
  linkRoutes: new Map(),
};

const message = (referral: UserEvent['referral'] = null): UserEvent => ({
  type: 'user.message',
  channel: 'messenger',
  payload: toWireJson({ message: { mid: 'm_1', text: 'hi' } }),
  mid: null,
  referral,
  buttonAppId: null,
});
const tap: UserEvent = { ...message({ adId: '9', ref: 'spring' }), type: 'user.referral' };

it('plays the life of a thread', () => {
  const start = newThread(shop, person, 'messenger');
  const tapped = decide(start, tap, page, 1000);
  expect(tapped.thread).toMatchObject({
    state: 'marketing-owned',
    ownerAppId: marketing,
    version: 1,
    deadlineAt: 1000 + 86_400_000,
    lastUserEventAt: null,
    entryPoint: { type: 'ad', adId: '9', ref: 'spring' },
  });
  expect(tapped.notices).toEqual([
    { kind: 'pass', appId: marketing, previousOwnerAppId: null, newOwnerAppId: marketing, metadata: null },
    { kind: 'event', appId: marketing, field: 'messaging', without: null },
    { kind: 'event', appId: desk, field: 'standby', without: null },
  ]);

  const passed = decide(
    tapped.thread,
    { type: 'control.pass', callerAppId: marketing, targetAppId: null, metadata: 'human please' },
    page,
    2000,
  );
  expect(passed.refusal).toBeNull();
  expect(passed.thread).toMatchObject({ state: 'passed', ownerAppId: desk, entryPoint: null, version: 2 });
  expect(passed.notices).toEqual([
    { kind: 'pass', appId: desk, previousOwnerAppId: marketing, newOwnerAppId: desk, metadata: 'human please' },
  ]);

  const wrote = decide(passed.thread, message({ adId: '9', ref: 'spring' }), page, 3000);
  expect(wrote.thread).toMatchObject({ state: 'passed', ownerAppId: desk, version: 2, lastUserEventAt: 3000 });
  expect(wrote.thread.deadlineAt).toBe(3000 + 86_400_000);

  const refused = decide(wrote.thread, { type: 'control.release', callerAppId: marketing }, page, 4000);
  expect(refused.refusal).toMatchObject({ reason: 'release_not_owner', effectiveOwnerAppId: desk });
  expect(refused.thread).toEqual({ ...wrote.thread, lastAt: 4000 });

  const due = overdue(wrote.thread, page, 3000 + 86_400_000);
  expect(due).toEqual({ event: { type: 'control.expired' }, at: 3000 + 86_400_000 });
  const expired = decide(wrote.thread, { type: 'control.expired' }, page, 3000 + 86_400_000);
  expect(expired.thread).toMatchObject({ state: 'released', ownerAppId: null, deadlineAt: null, version: 3 });
  expect(expired.notices).toEqual([]);
});

it('keeps the lane of a thread for good', () => {
  expect(laneOf({ pageId: shop, psid: person })).toBe(laneOf({ pageId: shop, psid: person }));
});
