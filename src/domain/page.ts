import { appId, type AppId, type InstagramId, type PageId } from './ids.js';

export const channels = ['messenger', 'instagram'] as const;
/** The platform a thread lives on. */
export type Channel = (typeof channels)[number];

/**
 * The webhook fields an app may subscribe to, in the spelling of Pages. Instagram spells some in the singular
 * (`messaging_handover`, `messaging_referral`, `message_edit`) and calls reads `messaging_seen`: see `normaliseField`.
 */
export const webhookFields = [
  'messages',
  'message_echoes',
  'message_deliveries',
  'message_reads',
  'message_reactions',
  'message_edits',
  'messaging_postbacks',
  'messaging_referrals',
  'messaging_handovers',
  'messaging_optins',
  'standby',
] as const;
export type WebhookField = (typeof webhookFields)[number];

const otherSpellings: Readonly<Record<string, WebhookField>> = {
  messaging_handover: 'messaging_handovers',
  messaging_referral: 'messaging_referrals',
  messaging_seen: 'message_reads',
  message_edit: 'message_edits',
};

/** Fields that Instagram does not have: it tells of echoes with messages, and never that anything was delivered. */
const pageOnlyFields: ReadonlySet<WebhookField> = new Set(['message_echoes', 'message_deliveries']);

/** A field in the spelling of a channel's objects; null if they have no such field. */
export function fieldNameOn(channel: Channel, field: WebhookField): string | null {
  if (channel === 'messenger') return field;
  if (pageOnlyFields.has(field)) return null;
  return Object.keys(otherSpellings).find((name) => otherSpellings[name] === field) ?? field;
}

const knownFields: ReadonlySet<string> = new Set(webhookFields);
function isWebhookField(name: string): name is WebhookField {
  return knownFields.has(name);
}

/** The field that `name` means in either platform's spelling; null if there is none. */
export function normaliseField(name: string): WebhookField | null {
  if (isWebhookField(name)) return name;
  return Object.hasOwn(otherSpellings, name) ? (otherSpellings[name] ?? null) : null;
}

/** A person's inbox tool is treated as a human: it may always take control. */
export type AppKind = 'bot' | 'inbox';

/** An app connected to a page, with what it may hear and do there. */
export interface Connection {
  readonly appId: AppId;
  readonly appName: string;
  readonly kind: AppKind;
  /** Fields the app is subscribed to on this page. */
  readonly subscribedFields: ReadonlySet<WebhookField>;
  /** Those of them that it hears, since the app itself subscribes to them for the channel's objects as well. */
  readonly heardFields: Readonly<Record<Channel, ReadonlySet<WebhookField>>>;
  /** Whether the app gets standby copies, by channel. Needs the `standby` field as well. */
  readonly standby: Readonly<Record<Channel, boolean>>;
  /** Whether a send of this app takes control of a thread that another app owns. */
  readonly canTakeControl: boolean;
}

/** Which app gets conversations of one channel of a page. */
export interface ChannelRouting {
  readonly defaultAppId: AppId | null;
  /** Gets Get Started taps and threads without a user event for 24 h. */
  readonly socialAppId: AppId | null;
}

/** A Click to Message ad and the app that answers its conversations. */
export interface AdRoute {
  readonly adId: string;
  readonly receivingAppId: AppId;
  /** The `ref` the ad's referral carries. */
  readonly ref: string | null;
  readonly title: string | null;
}

export const outsideReplyPolicies = ['inbox_takes', 'only_told'] as const;
/**
 * What it means that somebody answers past us, in the platform's own inbox, on a phone, or its AI: the inbox takes the
 * thread, or apps are told and the owner stays.
 */
export type OutsideReplyPolicy = (typeof outsideReplyPolicies)[number];

/** A page with everything routing needs to know of it: one snapshot of the configuration. */
export interface Page {
  readonly pageId: PageId;
  readonly name: string;
  readonly instagramId: InstagramId | null;
  readonly routing: Readonly<Record<Channel, ChannelRouting>>;
  readonly connections: ReadonlyMap<AppId, Connection>;
  readonly adRoutes: ReadonlyMap<string, AdRoute>;
  /** m.me or ig.me links by their `ref`. */
  readonly linkRoutes: ReadonlyMap<string, AppId>;
  readonly outsideReplies: OutsideReplyPolicy;
}

/** The channel's default app, if it is set and still connected. */
export function defaultAppOf(page: Page, channel: Channel): AppId | null {
  const { defaultAppId } = page.routing[channel];
  return defaultAppId !== null && page.connections.has(defaultAppId) ? defaultAppId : null;
}

/** The id that names the business side on a channel: the page's or its Instagram account's. */
export function businessIdOf(page: Page, channel: Channel): string {
  return channel === 'instagram' && page.instagramId !== null ? page.instagramId : page.pageId;
}

/** The platform's own inbox, as an app. */
export const platformInboxes: Readonly<Record<Channel, AppId>> = {
  messenger: appId('263902037430900'),
  instagram: appId('1217981644879628'),
};

/** The inbox that stands for everybody who answers past us: the default app if it is one, the platform's own, or the first. */
export function inboxOf(page: Page, channel: Channel): AppId | null {
  const inboxes = [...page.connections.values()].filter(({ kind }) => kind === 'inbox').map(({ appId }) => appId);
  const preferred = [defaultAppOf(page, channel), platformInboxes[channel]];
  return preferred.find((each) => each !== null && inboxes.includes(each)) ?? inboxes[0] ?? null;
}
