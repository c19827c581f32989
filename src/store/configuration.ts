import type { AppId, InstagramId, PageId } from '../domain/ids.js';
import type { AppKind, Channel, Page, WebhookField } from '../domain/page.js';

/** An app as deliveries and signatures need it. */
export interface App {
  readonly appId: AppId;
  readonly name: string;
  readonly kind: AppKind;
  /** Null: the app has none, on either channel. */
  readonly callbackUrl: string | null;
  /** Where events of Instagram accounts go; null: where those of pages go. */
  readonly instagramCallbackUrl: string | null;
  readonly verifyToken: string | null;
  /** Signs what is sent to it. */
  readonly secret: string;
  /** What it may still use towards us; null: there is none. It may have expired. */
  readonly previousSecret: PreviousSecret | null;
  readonly appsecretProofRequired: boolean;
  readonly batchSizeMax: number;
  /** Fields the app itself subscribes to, of pages and of Instagram accounts; null: it never has, and hears every field. */
  readonly subscribedFields: Readonly<Record<Channel, ReadonlySet<WebhookField> | null>>;
  readonly pausedAt: number | null;
}

/** Where the app gets its events of a channel; null: nowhere. */
export function callbackUrlOf(
  { callbackUrl, instagramCallbackUrl }: Pick<App, 'callbackUrl' | 'instagramCallbackUrl'>,
  channel: Channel,
): string | null {
  return channel === 'instagram' ? (instagramCallbackUrl ?? callbackUrl) : callbackUrl;
}

/** An app's secret of before. */
export interface PreviousSecret {
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Whom a page access token speaks for. */
export interface TokenHolder {
  readonly pageId: PageId;
  readonly appId: AppId;
  /** When the token ends, if a newer one replaced it; milliseconds since 1970. */
  readonly expiresAt: number | null;
}

/** All configuration, read in one snapshot together with its epoch. */
export interface Configuration {
  /** Rises with every change; a commit that was decided under another epoch is refused. */
  readonly epoch: number;
  /** Renewed when a backup is restored; begins delivery ids and feed cursors. */
  readonly incarnation: string;
  /** The emulator's virtual clock, as milliseconds ahead of database time. */
  readonly clockOffsetMs: number;
  readonly pages: ReadonlyMap<PageId, Page>;
  readonly pagesByInstagram: ReadonlyMap<InstagramId, PageId>;
  /** The platform's own page tokens, with which the gateway sends. Apps never see them. */
  readonly metaTokens: ReadonlyMap<PageId, string>;
  readonly apps: ReadonlyMap<AppId, App>;
  /** Page access tokens by the SHA-256 (hex) of the token. */
  readonly tokens: ReadonlyMap<string, TokenHolder>;
}
