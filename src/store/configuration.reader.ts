import type { EntityManager } from 'typeorm';
import type { AppId, InstagramId, PageId } from '../domain/ids.js';
import type { AdRoute, AppKind, Connection, OutsideReplyPolicy, Page, WebhookField } from '../domain/page.js';
import type { App, Configuration, TokenHolder } from './configuration.js';
import type { Vault } from './vault.js';

interface AppRow {
  app_id: AppId;
  name: string;
  kind: AppKind;
  callback_url: string | null;
  instagram_callback_url: string | null;
  verify_token: string | null;
  app_secret: string;
  previous_app_secret: string | null;
  previous_app_secret_expires_ms: number | null;
  appsecret_proof_required: boolean;
  batch_size_max: number;
  subscribed_fields: WebhookField[] | null;
  instagram_subscribed_fields: WebhookField[] | null;
  paused_ms: number | null;
}

interface PageRow {
  page_id: PageId;
  name: string;
  instagram_id: InstagramId | null;
  default_app_id: AppId | null;
  social_app_id: AppId | null;
  instagram_default_app_id: AppId | null;
  instagram_social_app_id: AppId | null;
  outside_replies: OutsideReplyPolicy;
  meta_access_token: string | null;
}

interface ConnectionRow {
  page_id: PageId;
  app_id: AppId;
  subscribed_fields: WebhookField[];
  standby_messenger: boolean;
  standby_instagram: boolean;
  can_take_control: boolean;
}

interface RouteRow {
  page_id: PageId;
  kind: 'ad' | 'link';
  key: string;
  app_id: AppId;
  ref: string | null;
  title: string | null;
}

interface TokenRow {
  token_hash: string;
  page_id: PageId;
  app_id: AppId;
  expires_ms: number | null;
}

interface SnapshotRow {
  epoch: string;
  incarnation: string;
  clock_offset_ms: string;
  apps: AppRow[] | null;
  pages: PageRow[] | null;
  connections: ConnectionRow[] | null;
  routes: RouteRow[] | null;
  tokens: TokenRow[] | null;
}

// One statement is one snapshot, so the epoch and what it stands for cannot come apart.
const snapshot = `
  select epoch, incarnation, clock_offset_ms,
    (select json_agg(a order by app_id) from (
      select app_id, name, kind, callback_url, instagram_callback_url, verify_token, app_secret, batch_size_max,
        subscribed_fields, instagram_subscribed_fields, previous_app_secret, appsecret_proof_required,
        extract(epoch from previous_app_secret_expires_at) * 1000 as previous_app_secret_expires_ms,
        extract(epoch from paused_at) * 1000 as paused_ms
      from app) a) as apps,
    (select json_agg(p order by page_id) from page p) as pages,
    (select json_agg(c order by page_id, app_id) from connection c) as connections,
    (select json_agg(r) from (select page_id, kind, key, app_id, ref, title from route) r) as routes,
    (select json_agg(t) from (
      select token_hash, page_id, app_id, extract(epoch from expires_at) * 1000 as expires_ms
      from access_token) t) as tokens
  from configuration`;

/** Reads all configuration in one snapshot, with its secrets open. */
export async function readConfiguration(manager: EntityManager, vault: Vault): Promise<Configuration> {
  const [row]: SnapshotRow[] = await manager.query(snapshot);
  if (row === undefined) throw new Error('the table configuration has lost its row');

  const apps = new Map((row.apps ?? []).map((app) => [app.app_id, toApp(app, vault)]));
  const connections = Map.groupBy(row.connections ?? [], ({ page_id }) => page_id);
  const routes = Map.groupBy(row.routes ?? [], ({ page_id }) => page_id);
  const pages = new Map<PageId, Page>();
  const pagesByInstagram = new Map<InstagramId, PageId>();
  const metaTokens = new Map<PageId, string>();
  for (const page of row.pages ?? []) {
    const { page_id: pageId, instagram_id: instagramId } = page;
    pages.set(pageId, toPage(page, connections.get(pageId) ?? [], routes.get(pageId) ?? [], apps));
    if (instagramId !== null) pagesByInstagram.set(instagramId, pageId);
    const place = { table: 'page', column: 'meta_access_token', row: pageId };
    const metaToken = vault.openIfAny(place, page.meta_access_token);
    if (metaToken !== null) metaTokens.set(pageId, metaToken);
  }
  return {
    epoch: Number(row.epoch),
    incarnation: row.incarnation,
    clockOffsetMs: Number(row.clock_offset_ms),
    pages,
    pagesByInstagram,
    metaTokens,
    apps,
    tokens: new Map((row.tokens ?? []).map((token) => [token.token_hash, toTokenHolder(token)])),
  };
}

function toApp(row: AppRow, vault: Vault): App {
  const place = (column: string) => ({ table: 'app', column, row: row.app_id });
  const previous = vault.openIfAny(place('previous_app_secret'), row.previous_app_secret);
  const expiresAt = row.previous_app_secret_expires_ms;
  return {
    appId: row.app_id,
    name: row.name,
    kind: row.kind,
    callbackUrl: row.callback_url,
    instagramCallbackUrl: row.instagram_callback_url,
    verifyToken: vault.openIfAny(place('verify_token'), row.verify_token),
    secret: vault.open(place('app_secret'), row.app_secret),
    previousSecret: previous === null || expiresAt === null ? null : { secret: previous, expiresAt },
    appsecretProofRequired: row.appsecret_proof_required,
    batchSizeMax: row.batch_size_max,
    subscribedFields: {
      messenger: row.subscribed_fields === null ? null : new Set(row.subscribed_fields),
      instagram: row.instagram_subscribed_fields === null ? null : new Set(row.instagram_subscribed_fields),
    },
    pausedAt: row.paused_ms,
  };
}

function toPage(
  row: PageRow,
  connections: readonly ConnectionRow[],
  routes: readonly RouteRow[],
  apps: ReadonlyMap<AppId, App>,
): Page {
  const adRoutes = new Map<string, AdRoute>();
  const linkRoutes = new Map<string, AppId>();
  for (const { kind, key, app_id, ref, title } of routes) {
    if (kind === 'ad') adRoutes.set(key, { adId: key, receivingAppId: app_id, ref, title });
    else linkRoutes.set(key, app_id);
  }
  return {
    pageId: row.page_id,
    name: row.name,
    instagramId: row.instagram_id,
    routing: {
      messenger: { defaultAppId: row.default_app_id, socialAppId: row.social_app_id },
      instagram: { defaultAppId: row.instagram_default_app_id, socialAppId: row.instagram_social_app_id },
    },
    connections: new Map(connections.flatMap((connection) => toConnection(connection, apps.get(connection.app_id)))),
    adRoutes,
    linkRoutes,
    outsideReplies: row.outside_replies,
  };
}

function toConnection(row: ConnectionRow, app: App | undefined): [AppId, Connection][] {
  // A foreign key sees to it that there always is one.
  if (app === undefined) return [];
  // An app hears what both it and the page subscribe to.
  const heardOn = (own: ReadonlySet<WebhookField> | null) =>
    new Set(row.subscribed_fields.filter((field) => own === null || own.has(field)));
  const connection: Connection = {
    appId: app.appId,
    appName: app.name,
    kind: app.kind,
    subscribedFields: new Set(row.subscribed_fields),
    heardFields: {
      messenger: heardOn(app.subscribedFields.messenger),
      instagram: heardOn(app.subscribedFields.instagram),
    },
    standby: { messenger: row.standby_messenger, instagram: row.standby_instagram },
    canTakeControl: row.can_take_control,
  };
  return [[app.appId, connection]];
}

function toTokenHolder(row: TokenRow): TokenHolder {
  return { pageId: row.page_id, appId: row.app_id, expiresAt: row.expires_ms };
}
