import { appId, instagramId, mid, pageId, psid, type AppId } from '../../src/domain/ids.js';
import { webhookFields, type ChannelRouting, type Connection, type Page } from '../../src/domain/page.js';
import type {
  AppSend,
  AppSent,
  ControlPass,
  MessageTag,
  OutsideReply,
  OutsideReturn,
  OutsideTake,
  Referral,
  UserEvent,
  UserEventType,
} from '../../src/domain/thread/thread.events.js';
import { newThread, type EntryPoint, type Thread, type ThreadState } from '../../src/domain/thread/thread.js';
import { toWireJson } from '../../src/domain/wire-json.js';

/** The cast of the tests: a shop whose page has a marketing bot, a support desk, an inbox and some more. */
export const shop = pageId('104700000000001');
export const shopInstagram = instagramId('17841400000000001');
export const person = psid('7000000000000101');
export const marketing = appId('2100000000000011');
export const desk = appId('2200000000000022');
export const takeover = appId('2300000000000033');
export const inbox = appId('263902037430900');
export const bystander = appId('2400000000000044');
export const social = appId('2500000000000055');
/** Connected to nothing. */
export const stranger = appId('2900000000000099');

export const ad = '120200000000000303';
export const adOfNobody = '120200000000000404';
export const adOfStranger = '120200000000000505';
export const adOfDesk = '120200000000000606';
export const adOfInbox = '120200000000000707';

export const hour = 3_600_000;
export const day = 24 * hour;
/** Some moment: 2026-01-01T00:00:00Z. */
export const newYear = 1_767_225_600_000;

export function connection(id: AppId, more: Partial<Connection> = {}): Connection {
  const subscribedFields = more.subscribedFields ?? new Set(webhookFields);
  return {
    appId: id,
    appName: `app ${id}`,
    kind: 'bot',
    subscribedFields,
    heardFields: { messenger: subscribedFields, instagram: subscribedFields },
    standby: { messenger: true, instagram: true },
    canTakeControl: false,
    ...more,
  };
}

export interface PageParts {
  messenger?: Partial<ChannelRouting>;
  instagram?: Partial<ChannelRouting>;
  /** Replaces connections of the same app; null disconnects it. */
  connections?: readonly (Connection | { readonly appId: AppId; readonly disconnected: true })[];
}

/** A page with the whole cast connected. The desk is Messenger's default app, and Instagram has none. */
export function page(parts: PageParts = {}): Page {
  const connections = new Map(
    [
      connection(marketing),
      connection(desk),
      connection(takeover, { canTakeControl: true }),
      connection(inbox, { kind: 'inbox' }),
      connection(bystander),
      connection(social),
    ].map((each) => [each.appId, each]),
  );
  for (const each of parts.connections ?? []) {
    if ('disconnected' in each) connections.delete(each.appId);
    else connections.set(each.appId, each);
  }
  const adRoute = (adId: string, receivingAppId: AppId) =>
    [adId, { adId, receivingAppId, ref: 'spring', title: null }] as const;
  return {
    pageId: shop,
    name: 'Shop',
    instagramId: shopInstagram,
    routing: {
      messenger: { defaultAppId: desk, socialAppId: null, ...parts.messenger },
      instagram: { defaultAppId: null, socialAppId: null, ...parts.instagram },
    },
    connections,
    adRoutes: new Map([
      adRoute(ad, marketing),
      adRoute(adOfDesk, desk),
      adRoute(adOfInbox, inbox),
      adRoute(adOfStranger, stranger),
    ]),
    linkRoutes: new Map([
      ['flyer', marketing],
      ['help', desk],
      ['gone', stranger],
    ]),
    outsideReplies: 'inbox_takes',
  };
}

/** A thread in a state, as if an event had brought it there at `newYear`. */
export function threadIn(state: ThreadState, ownerAppId: AppId | null, more: Partial<Thread> = {}): Thread {
  const owned = state !== 'released';
  return {
    ...newThread(shop, person, 'messenger'),
    state,
    ownerAppId,
    ownerSince: owned ? newYear : null,
    lastUserEventAt: newYear,
    deadlineAt: owned ? newYear + day : null,
    version: 1,
    lastAt: newYear,
    ...more,
  };
}

export const adEntry: EntryPoint = { type: 'ad', adId: ad, ref: 'spring' };
export const tappedAd: Referral = { adId: ad, ref: 'spring' };
export const link = (ref: string): Referral => ({ adId: null, ref });

export function userEvent(type: UserEventType, more: Partial<UserEvent> = {}): UserEvent {
  return {
    type,
    channel: 'messenger',
    payload: toWireJson({ sender: { id: person }, recipient: { id: shop }, timestamp: newYear, [type]: {} }),
    mid: null,
    referral: null,
    buttonAppId: null,
    ...more,
  };
}

export const message = (referral: Referral | null = null): UserEvent => userEvent('user.message', { referral });
export const adTap = (adId = ad): UserEvent => userEvent('user.referral', { referral: { adId, ref: 'spring' } });
export const linkClick = (ref = 'flyer'): UserEvent => userEvent('user.referral', { referral: link(ref) });

export function send(callerAppId: AppId, tag: MessageTag | null = null): AppSend {
  return {
    type: 'app.send',
    callerAppId,
    tag,
    mid: mid('m_D1'),
    payload: toWireJson({
      sender: { id: shop },
      recipient: { id: person },
      timestamp: newYear,
      message: { is_echo: true, mid: 'm_D1', text: 'hi' },
    }),
  };
}

/** The same before the platform has taken it, and after. */
export const intend = (callerAppId: AppId, tag: MessageTag | null = null): AppSend => ({
  ...send(callerAppId, tag),
  mid: null,
});
export const sent = (callerAppId: AppId, tag: MessageTag | null = null): AppSent => ({
  ...send(callerAppId, tag),
  type: 'app.sent',
  mid: mid('m_D1'),
});
export const outsideReply: OutsideReply = {
  type: 'outside.reply',
  mid: mid('m_E1'),
  payload: toWireJson({
    sender: { id: shop },
    recipient: { id: person },
    timestamp: newYear,
    message: { is_echo: true, mid: 'm_E1', text: 'hello from the phone' },
  }),
};

const handedOver: string = toWireJson({ sender: { id: person }, recipient: { id: shop }, timestamp: newYear });
export const outsideTake: OutsideTake = { type: 'outside.take', payload: handedOver };
export const outsideReturn: OutsideReturn = { type: 'outside.return', metadata: 'done', payload: handedOver };

export function pass(
  callerAppId: AppId,
  targetAppId: AppId | null = null,
  metadata: string | null = null,
): ControlPass {
  return { type: 'control.pass', callerAppId, targetAppId, metadata };
}
