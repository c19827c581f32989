import { appId, mid, psid, type AppId, type Psid } from '../../src/domain/ids.js';
import type { Channel } from '../../src/domain/page.js';
import type { UserEvent } from '../../src/domain/thread/thread.events.js';
import { toWireJson } from '../../src/domain/wire-json.js';
import { GraphClient } from './graph-client.js';
import type { TestSignalbox } from './signalbox.js';
import { ad, desk, inbox, marketing, shop, shopInstagram, takeover } from './thread-fixtures.js';

/** An app beyond 2^53: its id fits no JavaScript number. */
export const longId = appId('12345678901234567890');
export const secretOf = (app: AppId): string => `secret-of-${app}`;

export interface Shop {
  readonly tokens: ReadonlyMap<AppId, string>;
  /** A client with the app's page token. */
  as(app: AppId, version?: string): GraphClient;
  /** A person does something on one of the shop's channels. */
  person(channel: Channel, psid: Psid, more?: Partial<UserEvent>): Promise<void>;
}

/** The shop of the fixtures on a real server: desk is the default app of both channels, an ad leads to marketing. */
export async function openShop(signalbox: TestSignalbox): Promise<Shop> {
  const { configStore, router, clock } = signalbox.core;
  const tokens = new Map<AppId, string>();
  const defaults = { defaultAppId: null, socialAppId: null };
  await configStore.putPage(shop, { name: 'Shop', messenger: defaults, instagram: { ...defaults, id: shopInstagram } });
  for (const app of [marketing, desk, takeover, inbox, longId]) {
    await configStore.putApp(app, {
      name: `app ${app}`,
      kind: app === inbox ? 'inbox' : 'bot',
      callbackUrl: null,
      appSecret: secretOf(app),
      batchSizeMax: 1,
    });
    const { token } = await configStore.putConnection(shop, app, { canTakeControl: app === takeover }, clock.now());
    if (token === null) throw new Error('a new connection has a token');
    tokens.set(app, token);
  }
  const routed = { defaultAppId: desk, socialAppId: null };
  await configStore.putPage(shop, { name: 'Shop', messenger: routed, instagram: { ...routed, id: shopInstagram } });
  await configStore.putRoute(shop, 'ad', ad, { appId: marketing, ref: 'spring' });

  let messages = 0;
  return {
    tokens,
    as(app, version = '/v12.0') {
      return new GraphClient(`${signalbox.url}${version}`, tokens.get(app) ?? '');
    },
    async person(channel, id, more = {}) {
      const messageId = mid(`m_user_${++messages}`);
      const recipient = { id: channel === 'instagram' ? shopInstagram : shop };
      const outcome = await router.dispatch({
        key: { pageId: shop, psid: id },
        channel,
        cause: { by: 'person' },
        events: [
          {
            event: {
              type: 'user.message',
              channel,
              mid: messageId,
              referral: null,
              buttonAppId: null,
              payload: toWireJson({
                sender: { id },
                recipient,
                timestamp: clock.now(),
                message: { mid: messageId, text: 'hello' },
              }),
              ...more,
            },
            sourceId: `user.message:${messageId}`,
            occurredAt: null,
          },
        ],
      });
      if (outcome.result !== 'applied') throw new Error(`the person's event ended as ${outcome.result}`);
    },
  };
}

let people = 0;
/** A person nobody has met yet. */
export function newPerson(): Psid {
  return psid(String(7000000000001000 + ++people));
}
