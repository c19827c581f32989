import type { AppId } from './ids.js';
import type { Channel, Connection, Page, WebhookField } from './page.js';
import type { ThreadEvent, UserEvent } from './thread/thread.events.js';
import type { Effect } from './thread/thread.effects.js';
import type { Thread } from './thread/thread.js';

export type HiddenPart = 'payload' | 'referral' | 'payload_and_referral';

/** One thing one app is told about one event. Stored with the event, so that every attempt renders the same bytes. */
export type Notice =
  | {
      readonly kind: 'event';
      readonly appId: AppId;
      readonly field: 'messaging' | 'standby';
      /** What this app must not see of the event: a button's payload, or the referral within it. */
      readonly without: HiddenPart | null;
    }
  | {
      readonly kind: 'pass' | 'take';
      readonly appId: AppId;
      readonly previousOwnerAppId: AppId | null;
      readonly newOwnerAppId: AppId;
      readonly metadata: string | null;
    };

/** The webhook field an event is delivered under. Kinds the router does not know travel with `messages`. */
export function fieldOf(type: ThreadEvent['type'], channel: Channel): WebhookField {
  switch (type) {
    case 'user.postback':
    case 'user.get_started':
      return 'messaging_postbacks';
    case 'user.referral':
      return 'messaging_referrals';
    case 'user.reaction':
      return 'message_reactions';
    case 'user.read':
      return 'message_reads';
    case 'user.delivery':
      return 'message_deliveries';
    case 'user.edit':
      return 'message_edits';
    case 'user.optin':
      return 'messaging_optins';
    case 'app.send':
    case 'app.sent':
    case 'outside.reply':
      // Instagram has no field of its own for echoes.
      return channel === 'instagram' ? 'messages' : 'message_echoes';
    default:
      return 'messages';
  }
}

/** Who is told what: the machine's effects, held against what each app is connected for and has subscribed to. */
export function noticesOf(effects: readonly Effect[], event: ThreadEvent, thread: Thread, page: Page): Notice[] {
  const notices: Notice[] = [];
  for (const effect of effects) {
    switch (effect.type) {
      case 'tellPass':
        handover(notices, page, thread.channel, 'pass', effect.to, {
          previousOwnerAppId: effect.previousOwnerAppId,
          newOwnerAppId: effect.to,
          metadata: event.type === 'control.pass' || event.type === 'outside.return' ? event.metadata : null,
        });
        break;
      case 'tellTake':
        handover(notices, page, thread.channel, 'take', effect.from, {
          previousOwnerAppId: effect.from,
          newOwnerAppId: effect.newOwnerAppId,
          metadata: null,
        });
        break;
      case 'tellOwner':
        content(notices, event, thread.channel, page, (connection) => connection.appId === effect.ownerAppId);
        break;
      case 'tellEveryone':
        content(notices, event, thread.channel, page, () => true);
        break;
    }
  }
  return notices;
}

function handover(
  notices: Notice[],
  page: Page,
  channel: Channel,
  kind: 'pass' | 'take',
  receiver: AppId | null,
  move: { previousOwnerAppId: AppId | null; newOwnerAppId: AppId | null; metadata: string | null },
): void {
  if (receiver === null || move.newOwnerAppId === null) return;
  if (page.connections.get(receiver)?.heardFields[channel].has('messaging_handovers') !== true) return;
  notices.push({ kind, appId: receiver, ...move, newOwnerAppId: move.newOwnerAppId });
}

function content(
  notices: Notice[],
  event: ThreadEvent,
  channel: Channel,
  page: Page,
  isLive: (connection: Connection) => boolean,
): void {
  const field = fieldOf(event.type, channel);
  for (const connection of page.connections.values()) {
    const { appId } = connection;
    const heard = connection.heardFields[channel];
    if (!heard.has(field)) continue;
    const ownsButton = isButtonTap(event) && event.buttonAppId === appId;
    if (isLive(connection) || ownsButton) {
      notices.push({ kind: 'event', appId, field: 'messaging', without: hidden(event, connection, channel, true) });
    } else if (connection.standby[channel] && heard.has('standby')) {
      notices.push({ kind: 'event', appId, field: 'standby', without: hidden(event, connection, channel, false) });
    }
  }
}

/**
 * A button's payload is for the app that sent the button, or for the app in control if it belongs to an ad's template or
 * to the page; copies of a tap in an ad's template leave the ad out as well. The referral in a message needs its own
 * subscription.
 */
function hidden(event: ThreadEvent, connection: Connection, channel: Channel, live: boolean): HiddenPart | null {
  if (isButtonTap(event)) {
    const mayRead = event.buttonAppId === null ? live : event.buttonAppId === connection.appId;
    if (mayRead) return null;
    return !live && event.referral !== null && event.referral.adId !== null ? 'payload_and_referral' : 'payload';
  }
  if (event.type === 'user.message' && event.referral !== null) {
    return connection.heardFields[channel].has('messaging_referrals') ? null : 'referral';
  }
  return null;
}

type ButtonTap = UserEvent & { readonly type: 'user.postback' | 'user.get_started' };

function isButtonTap(event: ThreadEvent): event is ButtonTap {
  return event.type === 'user.postback' || event.type === 'user.get_started';
}
