import type { ConfigStore } from '../../src/store/config.store.js';
import {
  ad,
  adOfDesk,
  adOfInbox,
  adOfStranger,
  bystander,
  desk,
  inbox,
  marketing,
  shop,
  shopInstagram,
  social,
  stranger,
  takeover,
} from './thread-fixtures.js';
import type { AppId } from '../../src/domain/ids.js';

/** The page of the fixtures, in a database: the same apps, connections and routes. */
export async function configureCast(store: ConfigStore): Promise<void> {
  const nobody = { defaultAppId: null, socialAppId: null };
  for (const app of [marketing, desk, takeover, inbox, bystander, social, stranger]) {
    const kind = app === inbox ? 'inbox' : 'bot';
    await store.putApp(app, { name: `app ${app}`, kind, callbackUrl: null, batchSizeMax: 1 });
  }
  await store.putPage(shop, { name: 'Shop', messenger: nobody, instagram: { ...nobody, id: shopInstagram } });
  for (const app of [marketing, desk, takeover, inbox, bystander, social]) await connect(store, app);
  await setDefaultApp(store, desk);
  for (const [adId, appId] of [
    [ad, marketing],
    [adOfDesk, desk],
    [adOfInbox, inbox],
    [adOfStranger, stranger],
  ] as const) {
    await store.putRoute(shop, 'ad', adId, { appId, ref: 'spring' });
  }
  for (const [ref, appId] of [
    ['flyer', marketing],
    ['help', desk],
    ['gone', stranger],
  ] as const) {
    await store.putRoute(shop, 'link', ref, { appId });
  }
}

export async function connect(store: ConfigStore, app: AppId): Promise<void> {
  const standby = { messenger: true, instagram: true };
  await store.putConnection(shop, app, { standby, canTakeControl: app === takeover }, 0);
}

export async function setDefaultApp(store: ConfigStore, defaultAppId: AppId | null): Promise<void> {
  await store.putPage(shop, {
    name: 'Shop',
    messenger: { defaultAppId, socialAppId: null },
    instagram: { id: shopInstagram, defaultAppId: null, socialAppId: null },
  });
}
