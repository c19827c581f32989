import { hash } from 'node:crypto';
import { isGraphId, mid, psid, type Mid, type Psid } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';
import type { OutsideReturn, OutsideTake, Referral, UserEvent, UserEventType } from '../domain/thread/thread.events.js';
import { toWireJson } from '../domain/wire-json.js';

/** Something a person did, read from one item of `entry[].messaging[]`. */
export interface InboundItem {
  readonly psid: Psid;
  readonly event: UserEvent;
  /** What makes the event itself: a redelivery has the same. */
  readonly sourceId: string;
  /** The platform's timestamp, milliseconds since 1970. */
  readonly occurredAt: number;
}

/** Why an item cannot be routed. Kept with it in quarantine. */
export type UnroutableItem =
  | 'malformed_item'
  | 'missing_sender'
  | 'malformed_person'
  | 'malformed_timestamp'
  | 'missing_mid'
  | 'too_deep'
  /** An event of the business side that is neither a message nor a handover. */
  | 'not_routed_yet';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one item as the channel reports it; `businessId` is the id of the entry it came in. Unknown kinds and unknown
 * fields are kept: apps receive the item as it is. Runs for every event that comes in, so it checks by hand.
 */
export function readInboundItem(item: unknown, channel: Channel, businessId: string): InboundItem | UnroutableItem {
  if (!isFields(item)) return 'malformed_item';
  const { sender, timestamp } = item;
  if (isBusinessSide(item, sender, businessId)) return 'not_routed_yet';
  if (!isFields(sender) || sender['id'] === undefined) return 'missing_sender';
  const { id } = sender;
  if (typeof id !== 'string' || !isGraphId(id)) return 'malformed_person';
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp)) return 'malformed_timestamp';

  const kind = kindOf(item);
  if (kind.type === 'user.message' && kind.mid === null) return 'missing_mid';
  const payload = payloadOf(item);
  if (payload === null) return 'too_deep';
  const { type, mid, referral } = kind;
  return {
    psid: psid(id),
    event: { type, channel, payload, mid, referral, buttonAppId: null },
    sourceId: sourceIdOf(kind, payload),
    occurredAt: timestamp,
  };
}

/** A message of the business side: an app's, or somebody's who answered past us. */
export interface EchoItem {
  readonly psid: Psid;
  readonly mid: Mid;
  /** The platform's timestamp, milliseconds since 1970. */
  readonly occurredAt: number;
  readonly item: Fields;
  /** The same as wire JSON. */
  readonly payload: string;
}

/** Whether an item is a message of the business side. */
export function isEcho(item: unknown): item is Fields {
  return isFields(item) && isFields(item['message']) && item['message']['is_echo'] === true;
}

/** Reads one echo, as the channel reports it; `businessId` is the id of the entry it came in. */
export function readEchoItem(item: Fields, businessId: string): EchoItem | UnroutableItem {
  const { sender, recipient, timestamp, message } = item;
  if (!isFields(sender) || sender['id'] !== businessId) return 'malformed_item';
  const id = isFields(recipient) ? recipient['id'] : undefined;
  if (typeof id !== 'string' || !isGraphId(id)) return 'malformed_person';
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp)) return 'malformed_timestamp';
  const messageId = isFields(message) ? midOf(message) : null;
  if (messageId === null) return 'missing_mid';
  const payload = payloadOf(item);
  return payload === null ? 'too_deep' : { psid: psid(id), mid: messageId, occurredAt: timestamp, item, payload };
}

/** A handover of the platform's own. */
export interface HandoverItem {
  readonly psid: Psid;
  readonly event: OutsideTake | OutsideReturn;
  /** Who has the thread there now, if it says so. */
  readonly newOwner: string | null;
  readonly sourceId: string;
  readonly occurredAt: number;
}

/** Whether an item is a handover of the platform's own. */
export function isHandover(item: unknown): item is Fields {
  return isFields(item) && (isFields(item['pass_thread_control']) || isFields(item['take_thread_control']));
}

/**
 * Reads one handover. The platform tells a pass to who gets the thread, and a take to who loses it; `metaAppId` is ours
 * there, if it is known, and tells a pass to somebody else.
 */
export function readHandoverItem(item: Fields, metaAppId: string | null): HandoverItem | UnroutableItem {
  const { sender, timestamp, pass_thread_control: pass, take_thread_control: take } = item;
  const id = isFields(sender) ? sender['id'] : undefined;
  if (typeof id !== 'string' || !isGraphId(id)) return 'malformed_person';
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp)) return 'malformed_timestamp';
  const payload = payloadOf(item);
  if (payload === null) return 'too_deep';
  const move = isFields(pass) ? pass : isFields(take) ? take : {};
  const newOwner = idOf(move['new_owner_app_id']);
  const isReturn = isFields(pass) && (metaAppId === null || newOwner === metaAppId);
  const metadata = move['metadata'];
  const event = isReturn
    ? ({ type: 'outside.return', metadata: typeof metadata === 'string' ? metadata : null, payload } as const)
    : ({ type: 'outside.take', payload } as const);
  const sourceId = `${event.type}:${hash('sha256', payload, 'base64url')}`;
  return { psid: psid(id), event, newOwner, sourceId, occurredAt: timestamp };
}

/** Null: nested too deep to be written. */
function payloadOf(item: Fields): string | null {
  try {
    return toWireJson(item);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface Kind {
  readonly type: UserEventType;
  readonly mid: Mid | null;
  /** What tells events of one type about one message apart, where there can be several. */
  readonly nth?: number;
  readonly referral: Referral | null;
}

const businessSideKeys = ['request_thread_control', 'app_roles'] as const;

function isBusinessSide(item: Fields, sender: unknown, businessId: string): boolean {
  if (isFields(sender) && sender['id'] === businessId) return true;
  return businessSideKeys.some((key) => item[key] !== undefined);
}

function kindOf(item: Fields): Kind {
  const { message, postback, referral, reaction, read, delivery, message_edit: edit, optin } = item;
  if (isFields(message)) {
    const type = message['is_deleted'] === true ? 'user.unsend' : 'user.message';
    return { type, mid: midOf(message), referral: referralOf(message['referral']) };
  }
  if (isFields(postback)) {
    const type = isGetStarted(postback) ? 'user.get_started' : 'user.postback';
    return { type, mid: midOf(postback), referral: referralOf(postback['referral']) };
  }
  if (isFields(referral)) return { type: 'user.referral', mid: null, referral: referralOf(referral) };
  if (isFields(reaction)) return without('user.reaction');
  if (isFields(read)) return without('user.read');
  if (isFields(delivery)) return without('user.delivery');
  if (isFields(edit)) {
    const nth = edit['num_edit'];
    return { type: 'user.edit', mid: midOf(edit), ...(typeof nth === 'number' && { nth }), referral: null };
  }
  if (isFields(optin)) return without('user.optin');
  return without('user.other');
}

/** A kind that has no message id of its own; one it may name is another message's. */
const without = (type: UserEventType): Kind => ({ type, mid: null, referral: null });

/** The platform reports the Get Started button as any other one: what tells it is its fixed title or usual payload. */
function isGetStarted(postback: Fields): boolean {
  return postback['title'] === 'Get Started' || postback['payload'] === 'GET_STARTED';
}

function midOf(part: Fields): Mid | null {
  const text = part['mid'];
  return typeof text === 'string' && text !== '' ? mid(text) : null;
}

function referralOf(value: unknown): Referral | null {
  if (!isFields(value)) return null;
  const adId = idOf(value['ad_id']);
  const ref = value['ref'];
  const known: Referral = { adId, ref: typeof ref === 'string' && ref !== '' ? ref : null };
  return known.adId === null && known.ref === null ? null : known;
}

/** An ad's or app's id: text in some bodies, a number in others. */
function idOf(value: unknown): string | null {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' || isFields(value) ? digitsOf(value) : null;
}

function digitsOf(value: unknown): string | null {
  const text = JSON.stringify(value);
  return /^\d{1,20}$/.test(text) ? text : null;
}

const printableId = /^[\x21-\x7e]{1,300}$/;

function sourceIdOf({ type, mid, nth }: Kind, payload: string): string {
  if (mid === null) return `${type}:${hash('sha256', payload, 'base64url')}`;
  // Postbacks are one kind here, so that reading one differently some day does not make a redelivery a new event.
  const kind = type === 'user.get_started' ? 'user.postback' : type;
  const name = printableId.test(mid) ? mid : hash('sha256', mid, 'base64url');
  return nth === undefined ? `${kind}:${name}` : `${kind}:${name}:${nth}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
