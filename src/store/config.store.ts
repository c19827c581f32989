import { IsNull, MoreThan, type DataSource, type EntityManager } from 'typeorm';
import type { AppId, InstagramId, PageId } from '../domain/ids.js';
import {
  webhookFields,
  type AppKind,
  type Channel,
  type OutsideReplyPolicy,
  type WebhookField,
} from '../domain/page.js';
import { enterAct, isAct, Secret, type State } from './act.js';
import { newAccessToken, newAppSecret } from './access-token.js';
import { AccessTokenEntity } from './access-token.entity.js';
import { AppEntity } from './app.entity.js';
import type { Configuration } from './configuration.js';
import { ConfigurationError } from './configuration.error.js';
import { readConfiguration } from './configuration.reader.js';
import { ConnectionEntity } from './connection.entity.js';
import { sha256 } from './opaque-token.js';
import { PageEntity } from './page.entity.js';
import { RouteEntity, type RouteKind } from './route.entity.js';
import { SealedEntities } from './sealed-entities.js';
import type { Vault } from './vault.js';

/** How long a token still works after a newer one has replaced it: time enough to roll it out. */
export const tokenGraceMs = 24 * 60 * 60 * 1000;

/** What may be said of an app. Secrets that are left out are kept, or generated for a new app. */
export interface AppSettings {
  readonly name: string;
  readonly kind: AppKind;
  readonly callbackUrl: string | null;
  readonly verifyToken?: string;
  readonly appSecret?: string;
  /**
   * Until when the app may still use the secret that this change replaces; left out: no longer. If nothing is replaced,
   * the secret of before the last change ends then, unless it does sooner.
   */
  readonly previousSecretUntil?: Date;
  /** Left out: as it was, or no for a new app. */
  readonly appsecretProofRequired?: boolean;
  readonly batchSizeMax: number;
}

export interface ChannelSettings {
  readonly defaultAppId: AppId | null;
  readonly socialAppId: AppId | null;
}

export interface PageSettings {
  readonly name: string;
  readonly messenger: ChannelSettings;
  readonly instagram: (ChannelSettings & { readonly id: InstagramId }) | null;
  readonly outsideReplies?: OutsideReplyPolicy;
  /** The platform's token of the page. Left out: kept; null: forgotten. */
  readonly metaAccessToken?: string | null;
}

/** What may be said of a connection; what is left out gets its default, see `putConnection`. */
export interface ConnectionSettings {
  readonly subscribedFields?: readonly WebhookField[];
  readonly standby?: Readonly<Partial<Record<Channel, boolean>>>;
  readonly canTakeControl?: boolean;
}

export interface RouteSettings {
  readonly appId: AppId;
  readonly ref?: string;
  readonly title?: string;
  /** The welcome template, as JSON text. */
  readonly template?: string;
}

/** An app's own webhook subscription, as it sets it itself; a field left out stays as it is. */
export interface AppSubscription {
  /** Of the channel it is for; the other's stays what it was. */
  readonly callback?: { readonly channel: Channel; readonly url: string };
  readonly verifyToken?: string;
  /** By channel: of pages, and of Instagram accounts. */
  readonly subscribedFields?: Readonly<Partial<Record<Channel, readonly WebhookField[]>>>;
}

/** Reads what a change is about, for the audit trail; null: there is no such thing. */
type Subject = (manager: EntityManager) => Promise<State>;

/**
 * Pages, apps, connections, routes and tokens, and the emulator's clock. Every change raises the configuration's epoch
 * in the same transaction, in every lane, so that nothing that was decided under the old configuration can be committed
 * after it. Refusals are `ConfigurationError`s.
 */
export class ConfigStore {
  readonly #listeners = new Set<() => Promise<unknown>>();

  readonly #entities: SealedEntities;

  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: Vault,
  ) {
    this.#entities = new SealedEntities(vault);
  }

  /** All configuration, with the epoch it belongs to, in one snapshot. */
  async read(): Promise<Configuration> {
    return readConfiguration(this.dataSource.manager, this.vault);
  }

  /** The epoch alone: whether what one has read still holds. */
  async epoch(): Promise<number> {
    const [row]: { epoch: string }[] = await this.dataSource.query('select epoch from configuration');
    return Number(row?.epoch);
  }

  /** Calls `listener` after each change made through this store, and waits for it, so that callers read their writes. */
  afterChange(listener: () => Promise<unknown>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Does `work` in one transaction that locks every lane, in order, and raises the epoch of all. Work must not wait for
   * anything but the database: meanwhile nothing is routed. An operator's act is entered in the audit trail with it.
   */
  async change<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = await this.dataSource.transaction(async (manager) => {
      await manager.query('select lane from lane order by lane for update');
      await manager.query('update configuration set epoch = epoch + 1');
      await manager.query('update lane set config_epoch = (select epoch from configuration)');
      const done = await work(manager);
      await enterAct(manager, null, null);
      return done;
    });
    // The change is committed: a listener that fails now catches up by itself.
    await Promise.allSettled([...this.#listeners].map((listener) => listener()));
    return result;
  }

  /** As `change`; the audit trail also gets what `subject` was like before and after. */
  async #changeOf<T>(subject: Subject, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.change(async (manager) => {
      if (!isAct()) return work(manager);
      const before = await subject(manager);
      const done = await work(manager);
      await enterAct(manager, before, await subject(manager));
      return done;
    });
  }

  // --- apps ----------------------------------------------------------------------------------------------------------

  async findApp(appId: AppId): Promise<AppEntity | null> {
    return this.#entities.findApp(this.dataSource.manager, appId);
  }

  /** Apps in the order of their ids (as text), after `after`. */
  async listApps(after: string, limit: number): Promise<AppEntity[]> {
    return this.#entities.listApps(this.dataSource.manager, after, limit);
  }

  /** Creates or replaces an app. Its pause and its own subscription stay as they are. */
  async putApp(appId: AppId, settings: AppSettings): Promise<{ app: AppEntity; created: boolean }> {
    return this.#changeOf(this.#appState(appId), async (manager) => {
      const known = await this.#entities.findApp(manager, appId);
      const app = manager.create(AppEntity, {
        appId,
        subscribedFields: null,
        instagramSubscribedFields: null,
        pausedAt: null,
        pauseReason: null,
        ...known,
        ...previousSecretAfter(known, settings),
        appsecretProofRequired: settings.appsecretProofRequired ?? known?.appsecretProofRequired ?? false,
        name: settings.name,
        kind: settings.kind,
        callbackUrl: settings.callbackUrl,
        // A new address is for both.
        instagramCallbackUrl: settings.callbackUrl === known?.callbackUrl ? known.instagramCallbackUrl : null,
        verifyToken: settings.verifyToken ?? known?.verifyToken ?? null,
        appSecret: settings.appSecret ?? known?.appSecret ?? newAppSecret(),
        batchSizeMax: settings.batchSizeMax,
      });
      await this.#entities.saveApp(manager, app);
      return { app, created: known === null };
    });
  }

  /** What the app itself says it wants to hear, and where. */
  async subscribeApp(appId: AppId, subscription: AppSubscription): Promise<void> {
    await this.change(async (manager) => {
      const app = await this.#getApp(manager, appId);
      if (subscription.callback !== undefined) setCallback(app, subscription.callback);
      if (subscription.verifyToken !== undefined) app.verifyToken = subscription.verifyToken;
      if (subscription.subscribedFields !== undefined) {
        const { messenger, instagram } = subscription.subscribedFields;
        // Whoever subscribes to one kind of object is subscribed to the other only if it says so, too.
        app.subscribedFields = [...(messenger ?? app.subscribedFields ?? [])];
        app.instagramSubscribedFields = [...(instagram ?? app.instagramSubscribedFields ?? [])];
      }
      await this.#entities.saveApp(manager, app);
    });
  }

  /** Holds the app's deliveries from `at` on; they are owed and come in order once it is resumed. */
  async pauseApp(appId: AppId, at: number, reason: string | null): Promise<AppEntity> {
    return this.setPause(appId, new Date(at), reason);
  }

  /** As `pauseApp`, for a callback that said that it is gone; without effect if the app has another one by now. */
  async pauseGoneApp(appId: AppId, callbackUrl: string, at: number): Promise<void> {
    await this.change(async (manager) => {
      const pausedAt = new Date(at);
      const pauseReason = 'Its callback answered 410 Gone: it wants nothing more. Give it another one, then resume it.';
      await manager.query(
        `update app set paused_at = $3, pause_reason = $4
          where app_id = $1 and $2 in (callback_url, instagram_callback_url) and paused_at is null`,
        [appId, callbackUrl, pausedAt, pauseReason],
      );
    });
  }

  async resumeApp(appId: AppId): Promise<AppEntity> {
    return this.setPause(appId, null, null);
  }

  private async setPause(appId: AppId, pausedAt: Date | null, pauseReason: string | null): Promise<AppEntity> {
    return this.#changeOf(this.#appState(appId), async (manager) => {
      const app = await this.#getApp(manager, appId);
      // An app that is paused already keeps the time since when.
      if (pausedAt !== null && app.pausedAt !== null) return app;
      Object.assign(app, { pausedAt, pauseReason });
      await manager.update(AppEntity, { appId }, { pausedAt, pauseReason });
      return app;
    });
  }

  /** Deletes an app, its connections, tokens and routes. Threads it owns are released before their next event. */
  async deleteApp(appId: AppId): Promise<void> {
    await this.#changeOf(this.#appState(appId), async (manager) => {
      await this.#getApp(manager, appId);
      await unsetAsDefault(manager, appId, null);
      await manager.delete(RouteEntity, { appId });
      await manager.delete(AppEntity, { appId });
    });
  }

  // --- pages ---------------------------------------------------------------------------------------------------------

  async findPage(pageId: PageId): Promise<PageEntity | null> {
    return this.#entities.findPage(this.dataSource.manager, pageId);
  }

  /** Pages in the order of their ids (as text), after `after`. */
  async listPages(after: string, limit: number): Promise<PageEntity[]> {
    return this.#entities.listPages(this.dataSource.manager, after, limit);
  }

  /**
   * Creates or replaces a page. Default and social apps must be connected to it, except while no app at all is, so that
   * a page can be described before its apps are connected: then each takes effect when it is connected. The first
   * default app of either channel turns standby on for every connected app.
   */
  async putPage(pageId: PageId, settings: PageSettings): Promise<{ page: PageEntity; created: boolean }> {
    return this.#changeOf(this.#pageState(pageId), async (manager) => {
      const known = await this.#entities.findPage(manager, pageId);
      await requireFreeIds(manager, pageId, settings.instagram?.id ?? null);
      const page = manager.create(PageEntity, {
        pageId,
        name: settings.name,
        instagramId: settings.instagram?.id ?? null,
        defaultAppId: settings.messenger.defaultAppId,
        socialAppId: settings.messenger.socialAppId,
        instagramDefaultAppId: settings.instagram?.defaultAppId ?? null,
        instagramSocialAppId: settings.instagram?.socialAppId ?? null,
        standbyOnConnect: known?.standbyOnConnect ?? false,
        outsideReplies: settings.outsideReplies ?? 'inbox_takes',
        metaAccessToken:
          settings.metaAccessToken === undefined ? (known?.metaAccessToken ?? null) : settings.metaAccessToken,
      });
      await requireUsableApps(manager, page, known);
      const firstDefaultApp =
        !page.standbyOnConnect && (page.defaultAppId !== null || page.instagramDefaultAppId !== null);
      page.standbyOnConnect ||= firstDefaultApp;
      await this.#entities.savePage(manager, page);
      if (firstDefaultApp) await turnStandbyOn(manager, pageId);
      return { page, created: known === null };
    });
  }

  /** Deletes a page, its connections, tokens and routes. What was said on it stays in the log. */
  async deletePage(pageId: PageId): Promise<void> {
    await this.#changeOf(this.#pageState(pageId), async (manager) => {
      await getPage(manager, pageId);
      await manager.delete(PageEntity, { pageId });
    });
  }

  // --- connections ---------------------------------------------------------------------------------------------------

  async findConnection(pageId: PageId, appId: AppId): Promise<ConnectionEntity | null> {
    return this.dataSource.manager.findOneBy(ConnectionEntity, { pageId, appId });
  }

  /** The apps connected to a page in the order of their ids (as text), after `after`. */
  async listConnections(pageId: PageId, after: string, limit: number): Promise<ConnectionEntity[]> {
    return this.dataSource.manager.find(ConnectionEntity, {
      where: { pageId, appId: MoreThan(after as AppId) },
      order: { appId: 'ASC' },
      take: limit,
    });
  }

  /**
   * Connects an app to a page, or replaces what it may hear and do there. Left out, `subscribedFields` is every field,
   * `canTakeControl` is off, and standby is on if the page has ever had a default app; where standby as a whole is left
   * out and so turned on, the field `standby` is added to the given fields, as the platform subscribes connected apps to
   * it. What is given is kept as given. A new connection comes with its token, which is not shown again.
   */
  async putConnection(
    pageId: PageId,
    appId: AppId,
    settings: ConnectionSettings,
    at: number,
  ): Promise<{ connection: ConnectionEntity; token: string | null }> {
    return this.#changeOf(connectionState(pageId, appId), async (manager) => {
      const page = await getPage(manager, pageId);
      await this.#getApp(manager, appId);
      const known = await manager.findOneBy(ConnectionEntity, { pageId, appId });
      const { standbyOnConnect } = page;
      const fields = new Set(settings.subscribedFields ?? webhookFields);
      if (standbyOnConnect && settings.standby === undefined) fields.add('standby');
      const connection = manager.create(ConnectionEntity, {
        pageId,
        appId,
        subscribedFields: [...fields],
        standbyMessenger: settings.standby?.messenger ?? standbyOnConnect,
        standbyInstagram: settings.standby?.instagram ?? standbyOnConnect,
        canTakeControl: settings.canTakeControl ?? false,
      });
      await manager.upsert(ConnectionEntity, connection, ['pageId', 'appId']);
      return { connection, token: known === null ? await insertToken(manager, pageId, appId, at) : null };
    });
  }

  /** Changes only which fields a connected app hears on the page. */
  async subscribeConnection(pageId: PageId, appId: AppId, subscribedFields: readonly WebhookField[]): Promise<void> {
    await this.change(async (manager) => {
      await getConnection(manager, pageId, appId);
      await manager.update(ConnectionEntity, { pageId, appId }, { subscribedFields: [...subscribedFields] });
    });
  }

  /** Disconnects an app: it is no longer a default or social app of the page, and its tokens end at once. */
  async deleteConnection(pageId: PageId, appId: AppId): Promise<void> {
    await this.#changeOf(connectionState(pageId, appId), async (manager) => {
      await getConnection(manager, pageId, appId);
      await unsetAsDefault(manager, appId, pageId);
      await manager.delete(ConnectionEntity, { pageId, appId });
    });
  }

  /** A new token for a connection; older ones end `tokenGraceMs` after `at`. */
  async issueToken(pageId: PageId, appId: AppId, at: number): Promise<string> {
    return this.#changeOf(connectionState(pageId, appId), async (manager) => {
      await getConnection(manager, pageId, appId);
      await manager.update(
        AccessTokenEntity,
        { pageId, appId, expiresAt: IsNull() },
        { expiresAt: new Date(at + tokenGraceMs) },
      );
      return insertToken(manager, pageId, appId, at);
    });
  }

  // --- routes --------------------------------------------------------------------------------------------------------

  async findRoute(pageId: PageId, kind: RouteKind, key: string): Promise<RouteEntity | null> {
    return this.dataSource.manager.findOneBy(RouteEntity, { pageId, kind, key });
  }

  /** A page's routes of one kind in the order of their keys, after `after`. */
  async listRoutes(pageId: PageId, kind: RouteKind, after: string, limit: number): Promise<RouteEntity[]> {
    return this.dataSource.manager.find(RouteEntity, {
      where: { pageId, kind, key: MoreThan(after) },
      order: { key: 'ASC' },
      take: limit,
    });
  }

  /** Routes an ad or a link to an app. The app need not be connected: until it is, the route is skipped. */
  async putRoute(
    pageId: PageId,
    kind: RouteKind,
    key: string,
    settings: RouteSettings,
  ): Promise<{ route: RouteEntity; created: boolean }> {
    return this.#changeOf(routeState(pageId, kind, key), async (manager) => {
      await getPage(manager, pageId);
      await requireApp(manager, settings.appId);
      const known = await manager.findOneBy(RouteEntity, { pageId, kind, key });
      const route = manager.create(RouteEntity, {
        pageId,
        kind,
        key,
        appId: settings.appId,
        ref: settings.ref ?? null,
        title: settings.title ?? null,
        template: settings.template ?? null,
      });
      await manager.upsert(RouteEntity, route, ['pageId', 'kind', 'key']);
      return { route, created: known === null };
    });
  }

  async deleteRoute(pageId: PageId, kind: RouteKind, key: string): Promise<void> {
    await this.#changeOf(routeState(pageId, kind, key), async (manager) => {
      const { affected } = await manager.delete(RouteEntity, { pageId, kind, key });
      if (affected === 0) {
        throw new ConfigurationError('route_not_found', `Page ${pageId} has no route for the ${kind} "${key}".`);
      }
    });
  }

  // --- the emulator's clock ------------------------------------------------------------------------------------------

  /**
   * Makes the store another one, after a restore: ids given out since the backup was made will be given again, and must
   * not be taken for the same. Nobody holds a lane any more. Answers the new incarnation.
   */
  async renewIncarnation(): Promise<string> {
    return this.change(async (manager) => {
      await manager.query('update cursor set lease_epoch = lease_epoch + 1, holder = null, lease_until = null');
      await manager.query('delete from dispatcher');
      const [[row]]: [{ incarnation: string }[], number] = await manager.query(
        `update configuration set incarnation = substr(md5(gen_random_uuid()::text), 1, 8) returning incarnation`,
      );
      if (row === undefined) throw new Error('the store has no configuration');
      return row.incarnation;
    });
  }

  /** Sets how far the emulator's clock is ahead of database time, in milliseconds. */
  async setClockOffset(offsetMs: number): Promise<void> {
    await this.#changeOf(clockState, async (manager) => {
      await manager.query('update configuration set clock_offset_ms = $1', [offsetMs]);
    });
  }

  async #getApp(manager: EntityManager, appId: AppId): Promise<AppEntity> {
    const app = await this.#entities.findApp(manager, appId);
    if (app === null) throw new ConfigurationError('app_not_found', `There is no app ${appId}.`);
    return app;
  }

  #appState(appId: AppId): Subject {
    return async (manager) => {
      const app = await this.#entities.findApp(manager, appId);
      if (app === null) return null;
      return {
        ...app,
        verifyToken: new Secret(app.verifyToken),
        appSecret: new Secret(app.appSecret),
        previousAppSecret: new Secret(app.previousAppSecret),
      };
    };
  }

  #pageState(pageId: PageId): Subject {
    return async (manager) => {
      const page = await this.#entities.findPage(manager, pageId);
      return page === null ? null : { ...page, metaAccessToken: new Secret(page.metaAccessToken) };
    };
  }
}

/** With its tokens, which are told apart by when they were made. */
const connectionState =
  (pageId: PageId, appId: AppId): Subject =>
  async (manager) => {
    const connection = await manager.findOneBy(ConnectionEntity, { pageId, appId });
    if (connection === null) return null;
    const tokens = await manager.find(AccessTokenEntity, { where: { pageId, appId }, order: { createdAt: 'ASC' } });
    return {
      ...connection,
      tokens: tokens.map((token) => ({ created_at: token.createdAt, expires_at: token.expiresAt })),
    };
  };

const routeState =
  (pageId: PageId, kind: RouteKind, key: string): Subject =>
  async (manager) => {
    const route = await manager.findOneBy(RouteEntity, { pageId, kind, key });
    return route === null ? null : { ...route };
  };

const clockState: Subject = async (manager) => {
  const [row]: { clock_offset_ms: string }[] = await manager.query('select clock_offset_ms from configuration');
  return row === undefined ? null : { clockOffsetMs: Number(row.clock_offset_ms) };
};

async function getPage(manager: EntityManager, pageId: PageId): Promise<PageEntity> {
  const page = await manager.findOneBy(PageEntity, { pageId });
  if (page === null) throw new ConfigurationError('page_not_found', `There is no page ${pageId}.`);
  return page;
}

async function getConnection(manager: EntityManager, pageId: PageId, appId: AppId): Promise<ConnectionEntity> {
  const connection = await manager.findOneBy(ConnectionEntity, { pageId, appId });
  if (connection === null) {
    throw new ConfigurationError('connection_not_found', `App ${appId} is not connected to page ${pageId}.`);
  }
  return connection;
}

/** An app that is only named, by a page or a route: another refusal than an app that is asked for. */
async function requireApp(manager: EntityManager, appId: AppId): Promise<void> {
  if (await manager.existsBy(AppEntity, { appId })) return;
  throw new ConfigurationError('unknown_app', `There is no app ${appId}: create it before it is named.`);
}

const appColumns = ['defaultAppId', 'socialAppId', 'instagramDefaultAppId', 'instagramSocialAppId'] as const;

async function requireUsableApps(manager: EntityManager, page: PageEntity, known: PageEntity | null): Promise<void> {
  const { pageId } = page;
  const connected = new Set((await manager.findBy(ConnectionEntity, { pageId })).map(({ appId }) => appId));
  for (const column of appColumns) {
    const appId = page[column];
    if (appId === null || connected.has(appId)) continue;
    await requireApp(manager, appId);
    if (connected.size > 0 && known?.[column] !== appId) {
      throw new ConfigurationError(
        'app_not_connected',
        `App ${appId} is not connected to page ${pageId}: connect it before it becomes a default or social app.`,
      );
    }
  }
}

/** Both kinds of ids address a page in the Graph API, so neither may name two of them. */
async function requireFreeIds(manager: EntityManager, pageId: PageId, instagramId: InstagramId | null): Promise<void> {
  const ids: string[] = instagramId === null ? [pageId] : [pageId, instagramId];
  const [taken]: { id: string; page_id: string }[] = await manager.query(
    `select id, page_id from (
       select page_id as id, page_id from page union all
       select instagram_id, page_id from page where instagram_id is not null) ids
      where id = any($1) and page_id <> $2
      limit 1`,
    [ids, pageId],
  );
  const owner = taken ?? (ids[0] === ids[1] ? { id: pageId, page_id: pageId } : undefined);
  if (owner === undefined) return;
  throw new ConfigurationError('id_taken', `The id ${owner.id} already belongs to page ${owner.page_id}.`);
}

async function turnStandbyOn(manager: EntityManager, pageId: PageId): Promise<void> {
  await manager.query(
    `update connection
        set standby_messenger = true, standby_instagram = true,
            subscribed_fields = case when 'standby' = any(subscribed_fields) then subscribed_fields
                                     else array_append(subscribed_fields, 'standby') end
      where page_id = $1`,
    [pageId],
  );
}

/** On one page, or on all. */
async function unsetAsDefault(manager: EntityManager, appId: AppId, pageId: PageId | null): Promise<void> {
  await manager.query(
    `update page
        set default_app_id = nullif(default_app_id, $1), social_app_id = nullif(social_app_id, $1),
            instagram_default_app_id = nullif(instagram_default_app_id, $1),
            instagram_social_app_id = nullif(instagram_social_app_id, $1)
      where ($2::text is null or page_id = $2)
        and $1 in (default_app_id, social_app_id, instagram_default_app_id, instagram_social_app_id)`,
    [appId, pageId],
  );
}

async function insertToken(manager: EntityManager, pageId: PageId, appId: AppId, at: number): Promise<string> {
  const token = newAccessToken();
  await manager.insert(AccessTokenEntity, {
    tokenHash: sha256(token),
    pageId,
    appId,
    createdAt: new Date(at),
    expiresAt: null,
  });
  return token;
}

function setCallback(app: AppEntity, { channel, url }: { channel: Channel; url: string }): void {
  if (app.callbackUrl === null) {
    app.callbackUrl = url;
  } else if (channel === 'instagram') {
    app.instagramCallbackUrl = url;
  } else {
    // What the app hears of Instagram goes on arriving where it did.
    if ((app.instagramSubscribedFields ?? []).length > 0) app.instagramCallbackUrl ??= app.callbackUrl;
    app.callbackUrl = url;
  }
  if (app.instagramCallbackUrl === app.callbackUrl) app.instagramCallbackUrl = null;
}

type PreviousSecret = Pick<AppEntity, 'previousAppSecret' | 'previousAppSecretExpiresAt'>;

function previousSecretAfter(known: AppEntity | null, { appSecret, previousSecretUntil }: AppSettings): PreviousSecret {
  const none = { previousAppSecret: null, previousAppSecretExpiresAt: null };
  if (known === null) return none;
  if (appSecret === undefined || appSecret === known.appSecret) {
    const { previousAppSecret, previousAppSecretExpiresAt } = known;
    if (previousAppSecret === null || previousAppSecretExpiresAt === null) return none;
    // Only ever sooner: saying the same again must not bring back what has ended.
    const endsSooner = previousSecretUntil !== undefined && previousSecretUntil < previousAppSecretExpiresAt;
    return {
      previousAppSecret,
      previousAppSecretExpiresAt: endsSooner ? previousSecretUntil : previousAppSecretExpiresAt,
    };
  }
  if (previousSecretUntil === undefined) return none;
  return { previousAppSecret: known.appSecret, previousAppSecretExpiresAt: previousSecretUntil };
}
