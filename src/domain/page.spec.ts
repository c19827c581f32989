import {
  connection,
  desk,
  inbox,
  marketing,
  page,
  shop,
  shopInstagram,
  stranger,
} from '../../test/support/thread-fixtures.js';
import { businessIdOf, defaultAppOf, inboxOf, normaliseField, platformInboxes, webhookFields } from './page.js';

it.each([
  ...webhookFields.map((field) => [field, field] as const),
  ['messaging_handover', 'messaging_handovers'],
  ['messaging_referral', 'messaging_referrals'],
  ['messaging_seen', 'message_reads'],
  ['message_edit', 'message_edits'],
] as const)('takes %s for %s', (name, field) => {
  expect(normaliseField(name)).toBe(field);
});

it.each(['', 'Messages', 'feed', '__proto__', 'toString', 'constructor'])('knows no field %j', (name) => {
  expect(normaliseField(name)).toBeNull();
});

it('has a default app for each channel on its own', () => {
  expect(defaultAppOf(page(), 'messenger')).toBe(desk);
  expect(defaultAppOf(page(), 'instagram')).toBeNull();
});

it('has no default app while that is not connected', () => {
  expect(defaultAppOf(page({ messenger: { defaultAppId: stranger } }), 'messenger')).toBeNull();
});

it('is named by the page on Messenger and by its account on Instagram', () => {
  expect(businessIdOf(page(), 'messenger')).toBe(shop);
  expect(businessIdOf(page(), 'instagram')).toBe(shopInstagram);
});

describe('the inbox that stands for everybody who answers past us', () => {
  const other = connection(marketing, { kind: 'inbox' });

  it.each([
    ['the default app, if it is one', { connections: [other], messenger: { defaultAppId: marketing } }, marketing],
    ['the platform’s own', { connections: [other] }, inbox],
    ['the first', { connections: [other, { appId: inbox, disconnected: true as const }] }, marketing],
    ['nobody without an inbox', { connections: [{ appId: inbox, disconnected: true as const }] }, null],
  ])('is %s', (_, parts, expected) => {
    expect(inboxOf(page(parts), 'messenger')).toBe(expected);
  });

  it('is another on Instagram', () => {
    const connections = [connection(platformInboxes.instagram, { kind: 'inbox' })];
    expect(inboxOf(page({ connections }), 'instagram')).toBe(platformInboxes.instagram);
    expect(inboxOf(page({ connections }), 'messenger')).toBe(inbox);
  });
});
