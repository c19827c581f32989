import { readSettings } from '../../src/config/settings.js';
import { openCore, type Core } from '../../src/core.js';
import { appId, pageId, psid, type AppId, type PageId, type Psid, type ThreadKey } from '../../src/domain/ids.js';
import type { ThreadEvent, UserEvent, UserEventType } from '../../src/domain/thread/thread.events.js';
import { toWireJson } from '../../src/domain/wire-json.js';
import type { Submission } from '../../src/routing/submission.js';
import { testKeyRing } from './vault.js';

export const shop: PageId = pageId('104700000000001');
export const marketing: AppId = appId('2100000000000011');
export const support: AppId = appId('2200000000000022');
export const inbox: AppId = appId('263902037430900');
export const springAd = '120200000000000303';
export const person = (number: number): Psid => psid(String(7_000_000_000_000_000 + number));
export const threadOf = (number: number): ThreadKey => ({ pageId: shop, psid: person(number) });

/** The router, the store and the clock of one instance, without its interfaces. */
export function openInstance(databaseUrl: string, settings: Record<string, string> = {}): Promise<Core> {
  return openCore(readSettings({ LOG_LEVEL: 'silent', ...settings }), databaseUrl, testKeyRing, (error) => {
    throw error;
  });
}

/** One page with a marketing bot, a support bot (the default app) and an inbox, all subscribed to everything. */
export async function configureShop({ configStore }: Core): Promise<void> {
  const fields = ['messages', 'messaging_postbacks', 'messaging_referrals', 'messaging_handovers', 'standby'] as const;
  for (const [id, name, kind] of [
    [marketing, 'Marketing bot', 'bot'],
    [support, 'Support bot', 'bot'],
    [inbox, 'Inbox', 'inbox'],
  ] as const) {
    await configStore.putApp(id, { name, kind, callbackUrl: null, batchSizeMax: 1 });
  }
  const nobody = { defaultAppId: null, socialAppId: null };
  await configStore.putPage(shop, { name: 'Shop', messenger: nobody, instagram: null });
  for (const id of [marketing, support, inbox]) {
    await configStore.putConnection(shop, id, { subscribedFields: [...fields] }, 0);
  }
  await configStore.putPage(shop, {
    name: 'Shop',
    messenger: { defaultAppId: support, socialAppId: null },
    instagram: null,
  });
  await configStore.putRoute(shop, 'ad', springAd, { appId: marketing, ref: 'spring' });
}

/** An event of a person, as a channel would report it. */
export function userEvent(type: UserEventType, key: ThreadKey, mid: string, more: Partial<UserEvent> = {}): UserEvent {
  return {
    type,
    channel: 'messenger',
    payload: toWireJson({
      sender: { id: key.psid },
      recipient: { id: key.pageId },
      timestamp: 0,
      message: { mid, text: 'hello' },
    }),
    mid: null,
    referral: null,
    buttonAppId: null,
    ...more,
  };
}

let sources = 0;

/** A submission of one event with a source id of its own. */
export function submit(key: ThreadKey, event: ThreadEvent, sourceId = `test:${++sources}`): Submission {
  return { key, channel: null, events: [{ event, sourceId, occurredAt: null }], cause: { by: 'system' } };
}
