import { appId, instagramId, pageId } from '../../domain/ids.js';
import type { WebhookField } from '../../domain/page.js';
import type { ConfigStore } from '../../store/config.store.js';

/** The demo's cast: one page on both channels, two bots that share it, and the people at its inbox. */
export const demo = {
  page: pageId('104700000000001'),
  instagram: instagramId('17841400000000001'),
  marketingBot: appId('2100000000000011'),
  /** The default app. */
  supportBot: appId('2200000000000022'),
  inbox: appId('263902037430900'),
  /** Leads to the marketing bot. */
  ad: '120200000000000303',
  adRef: 'spring',
} as const;

const apps = [
  { id: demo.marketingBot, name: 'Marketing bot', kind: 'bot' },
  { id: demo.supportBot, name: 'Support bot', kind: 'bot' },
  { id: demo.inbox, name: 'Inbox', kind: 'inbox' },
] as const;

const fields: readonly WebhookField[] = [
  'messages',
  'messaging_postbacks',
  'messaging_referrals',
  'messaging_handovers',
  'standby',
];

/** The ad's welcome message; its button and its quick reply belong to the page. */
const adTemplate = {
  receiving_app_id: demo.marketingBot,
  message: {
    attachment: {
      type: 'template',
      payload: {
        template_type: 'generic',
        elements: [
          {
            title: 'Spring sale',
            subtitle: 'Everything for the garden',
            image_url: 'https://cdn.example/ad.jpg',
            buttons: [{ type: 'postback', title: 'Tell me more', payload: 'AD_TELL_MORE' }],
          },
        ],
      },
    },
    quick_replies: [{ content_type: 'text', title: 'Show prices', payload: 'AD_PRICES' }],
  },
} as const;

/** Sets the demo up, `now` in milliseconds since 1970. Done twice it changes nothing but what was changed by hand. */
export async function seedDemo(configStore: ConfigStore, now: number): Promise<void> {
  for (const { id, name, kind } of apps) {
    await configStore.putApp(id, { name, kind, callbackUrl: null, batchSizeMax: 1 });
  }
  const nobody = { defaultAppId: null, socialAppId: null };
  const support = { defaultAppId: demo.supportBot, socialAppId: null };
  const page = (routing: typeof nobody | typeof support) => ({
    name: 'Garden shop',
    messenger: routing,
    instagram: { id: demo.instagram, ...routing },
  });
  await configStore.putPage(demo.page, page(nobody));
  for (const { id } of apps) await configStore.putConnection(demo.page, id, { subscribedFields: fields }, now);
  // Only now, since a default app must be connected; it turns standby on for all of them.
  await configStore.putPage(demo.page, page(support));
  await configStore.putRoute(demo.page, 'ad', demo.ad, {
    appId: demo.marketingBot,
    ref: demo.adRef,
    title: 'Spring sale',
    template: JSON.stringify(adTemplate),
  });
}
