import type { AppId, Mid, Psid } from '../../domain/ids.js';
import { businessIdOf, type Channel, type Page } from '../../domain/page.js';
import type { Thread } from '../../domain/thread/thread.js';
import { Problem } from '../../admin-auth/problem.js';
import type { AdTemplate } from './ad-template.js';
import type { PersonAction } from './person-action.js';
import { profileButtons, type PersonProfile } from './person-profile.js';
import type { SeenMessage, Transcript } from './transcript.js';

/** What an action of a simulated person is told from. */
export interface Scene {
  readonly page: Page;
  readonly channel: Channel;
  readonly psid: Psid;
  /** The thread so far; null: the person has never been in touch. */
  readonly thread: Thread | null;
  readonly transcript: Transcript;
  /** What the apps of the page show around the conversation. */
  readonly profile: PersonProfile;
  /** The template of an ad of the page. */
  readonly template: (adId: string) => AdTemplate;
  /** The id of the message that this action may be. */
  readonly newMid: Mid;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The item of `entry[].messaging[]` that the platform would report, and whose button it was. */
export interface PersonItem {
  readonly item: Readonly<Record<string, unknown>>;
  /** Null: no button, or one that belongs to the page. */
  readonly buttonAppId: AppId | null;
}

/** The platform's report of an action. Throws a Problem for what this person cannot do. */
export function personItem(action: PersonAction, scene: Scene): PersonItem {
  const { content, buttonAppId = null } = contentOf(action, scene);
  return {
    item: {
      sender: { id: scene.psid },
      recipient: { id: businessIdOf(scene.page, scene.channel) },
      timestamp: scene.at,
      ...content,
    },
    buttonAppId,
  };
}

interface Content {
  readonly content: Readonly<Record<string, unknown>>;
  readonly buttonAppId?: AppId | null;
}

function contentOf(action: PersonAction, scene: Scene): Content {
  const { channel, newMid } = scene;
  switch (action.type) {
    case 'message': {
      const message = {
        mid: newMid,
        text: action.text,
        reply_to: action.reply_to === undefined ? undefined : { mid: seen(action.reply_to, scene).mid },
        attachments: action.attachments?.map(({ type, url }) => ({ type, payload: { url } })),
        referral: inlineReferral(action, scene, 'with_context'),
      };
      return { content: { message } };
    }
    case 'tap_ad':
      return { content: { referral: adReferral(action.ad_id, action.ref ?? null, scene, 'with_context') } };
    case 'open_link':
      return { content: { referral: linkReferral(action.ref, channel) } };
    case 'get_started': {
      const shown = action.payload === undefined ? scene.profile.getStarted : null;
      const payload = action.payload ?? shown?.payload ?? 'GET_STARTED';
      const postback = { mid: newMid, title: action.title, payload, referral: startReferral(action, scene) };
      return { content: { postback }, buttonAppId: shown?.appId ?? null };
    }
    case 'tap_button': {
      const { title, payload, appId } = findButton(action, scene);
      const postback = { mid: newMid, title, payload, referral: startReferral(action, scene) };
      return { content: { postback }, buttonAppId: appId };
    }
    case 'tap_quick_reply': {
      const { title, payload } = findQuickReply(action, scene);
      const referral = inlineReferral(action, scene, 'without_context');
      return { content: { message: { mid: newMid, text: title, quick_reply: { payload }, referral } } };
    }
    case 'react': {
      const { mid } = target(action.message_id, fromApp, scene);
      const { reaction } = action;
      const emoji = action.emoji ?? emojis[reaction];
      const told = action.action === 'react' ? { reaction, emoji, action: 'react', mid } : { action: 'unreact', mid };
      return { content: { reaction: told } };
    }
    case 'read': {
      const { mid, at } = target(action.message_id, fromApp, scene);
      return { content: { read: channel === 'instagram' ? { mid } : { watermark: at } } };
    }
    case 'deliver': {
      if (channel === 'instagram') {
        throw new Problem('not_on_channel', 'Instagram does not report that a message was delivered; Messenger does.');
      }
      const { mid, at } = target(action.message_id, fromApp, scene);
      return { content: { delivery: { mids: [mid], watermark: at } } };
    }
    case 'edit': {
      const { mid, edits } = target(action.message_id, fromPerson, scene);
      return { content: { message_edit: { mid, text: action.text, num_edit: edits + 1 } } };
    }
    case 'unsend': {
      if (channel === 'messenger') {
        throw new Problem('not_on_channel', 'Messenger does not report that a message was unsent; Instagram does.');
      }
      const { mid } = target(action.message_id, fromPerson, scene);
      return { content: { message: { mid, is_deleted: true } } };
    }
    case 'opt_in':
      return { content: { optin: { ref: action.ref } } };
  }
}

const emojis: Readonly<Record<Extract<PersonAction, { type: 'react' }>['reaction'], string>> = {
  smile: '😆',
  angry: '😠',
  sad: '😢',
  wow: '😮',
  love: '❤️',
  like: '👍',
  dislike: '👎',
  laugh: '😂',
  other: '⭐',
};

// --- referrals -------------------------------------------------------------------------------------------------------

interface Entry {
  readonly ad_id?: string | undefined;
  readonly ref?: string | undefined;
}
type Context = 'with_context' | 'without_context';

/**
 * The referral of a message: of the ad or link the person comes through with it, or of the tap before it, which the first
 * message repeats. A link into an existing conversation was reported by itself and is not repeated.
 */
function inlineReferral(action: Entry, scene: Scene, context: Context): object | undefined {
  const combined = combinedReferral(action, scene, context);
  const pending = scene.thread?.pendingReferral ?? null;
  if (combined !== undefined || pending === null) return combined;
  if (pending.adId !== null) return adReferral(pending.adId, pending.ref, scene, context);
  return pending.ref !== null && isNew(scene) ? linkReferral(pending.ref, scene.channel) : undefined;
}

/** The referral of a postback: only where the tap starts the conversation. */
function startReferral(action: Entry, scene: Scene): object | undefined {
  const combined = combinedReferral(action, scene, 'without_context');
  if (combined !== undefined || !isNew(scene)) return combined;
  const pending = scene.thread?.pendingReferral ?? null;
  if (pending === null) return undefined;
  if (pending.adId !== null) return adReferral(pending.adId, pending.ref, scene, 'without_context');
  return pending.ref === null ? undefined : linkReferral(pending.ref, scene.channel);
}

function combinedReferral({ ad_id, ref }: Entry, scene: Scene, context: Context): object | undefined {
  if (ad_id !== undefined) return adReferral(ad_id, ref ?? null, scene, context);
  return ref === undefined ? undefined : linkReferral(ref, scene.channel);
}

/** Nothing the person has done so far counts as having written. */
function isNew({ thread }: Scene): boolean {
  return thread === null || thread.lastUserEventAt === null;
}

function adReferral(adId: string, ref: string | null, scene: Scene, context: Context): object {
  const route = scene.page.adRoutes.get(adId);
  return {
    ref: ref ?? route?.ref ?? undefined,
    source: 'ADS',
    type: 'OPEN_THREAD',
    ad_id: adId,
    ads_context_data:
      context === 'without_context'
        ? undefined
        : { ad_title: route?.title ?? `Ad ${adId}`, photo_url: scene.template(adId).photoUrl ?? undefined },
  };
}

function linkReferral(ref: string, channel: Channel): object {
  return { ref, source: channel === 'instagram' ? 'SHORTLINKS' : 'SHORTLINK', type: 'OPEN_THREAD' };
}

// --- what the person can tap -----------------------------------------------------------------------------------------

interface Named {
  readonly title?: string | undefined;
  readonly payload?: string | undefined;
}
type Tap = Named & Entry & { readonly message_id?: string | undefined };

const named = (wanted: Named) => (one: Named) =>
  (wanted.title === undefined || wanted.title === one.title) &&
  (wanted.payload === undefined || wanted.payload === one.payload);

/** The button that was tapped, and the app that sent it: its payload is for that app only. */
function findButton(tap: Tap, scene: Scene): { title: string; payload: string; appId: AppId | null } {
  const isIt = named(tap);
  const adId = tap.ad_id ?? (tap.message_id === undefined ? tappedAd(scene) : null);
  const ofAd = adId === null ? undefined : scene.template(adId).buttons.find(isIt);
  // The buttons of an ad that the person comes through stand before older ones.
  if (ofAd !== undefined) return { ...ofAd, appId: null };
  if (tap.ad_id === undefined) {
    const message = findSeen(tap, (seen) => seen.buttons.some(isIt), scene);
    const button = message?.buttons.find(isIt);
    if (button !== undefined && message !== null) return { ...button, appId: message.appId };
  }
  const shown = tap.message_id === undefined ? profileButtons(scene.profile).find(isIt) : undefined;
  if (shown !== undefined) return shown;
  // A button of the page that nobody has set here: whoever taps it says what it is.
  if (tap.message_id === undefined && tap.payload !== undefined) {
    return { title: tap.title ?? tap.payload, payload: tap.payload, appId: null };
  }
  throw new Problem(
    'button_not_seen',
    `The person sees no button ${nameOf(tap)}. A button of the page needs a payload.`,
  );
}

function findQuickReply(tap: Tap, scene: Scene): { title: string; payload: string } {
  const isIt = named(tap);
  const adId = tap.ad_id ?? (tap.message_id === undefined ? tappedAd(scene) : null);
  const ofAd = adId === null ? undefined : scene.template(adId).quickReplies.find(isIt);
  const message = tap.ad_id === undefined ? findSeen(tap, (seen) => seen.quickReplies.some(isIt), scene) : null;
  const found = ofAd ?? message?.quickReplies.find(isIt);
  const payload = found?.payload ?? tap.payload;
  if (payload === undefined || (found === undefined && tap.message_id !== undefined)) {
    throw new Problem('button_not_seen', `The person sees no quick reply ${nameOf(tap)}.`);
  }
  return { title: found?.title ?? tap.title ?? payload, payload };
}

/** The ad the person has tapped and not written after yet. */
function tappedAd({ thread }: Scene): string | null {
  return thread?.pendingReferral?.adId ?? null;
}

function findSeen(tap: Tap, fits: (message: SeenMessage) => boolean, { transcript }: Scene): SeenMessage | null {
  return transcript.findLast(
    (message) => (tap.message_id === undefined || message.mid === tap.message_id) && fits(message),
  );
}

function nameOf({ title, payload }: Named): string {
  return title === undefined ? `with the payload "${payload}"` : `"${title}"`;
}

// --- what the person speaks of ---------------------------------------------------------------------------------------

const fromApp = ({ appId, deleted }: SeenMessage) => appId !== null && !deleted;
const fromPerson = ({ appId, deleted }: SeenMessage) => appId === null && !deleted;

function seen(messageId: string, { transcript }: Scene): SeenMessage {
  const message = transcript.find(messageId);
  if (message === null) throw new Problem('message_not_seen', `The person sees no message ${messageId}.`);
  return message;
}

/** The message an action is about: the named one, else the newest of that side. */
function target(messageId: string | undefined, side: typeof fromApp, scene: Scene): SeenMessage {
  const message = messageId === undefined ? scene.transcript.findLast(side) : seen(messageId, scene);
  const whose = side === fromApp ? 'an app' : 'the person';
  if (message === null) throw new Problem('message_not_seen', `There is no message of ${whose} yet.`);
  if (!side(message)) throw new Problem('message_not_seen', `${message.mid} is no message of ${whose}.`);
  return message;
}
