import type { DataSource } from 'typeorm';
import { appId, instagramId, laneCount, pageId } from '../../src/domain/ids.js';
import { webhookFields } from '../../src/domain/page.js';
import { type AppSettings, ConfigStore, type PageSettings, tokenGraceMs } from '../../src/store/config.store.js';
import { ConfigurationCache } from '../../src/store/configuration.cache.js';
import { openDataSource } from '../../src/store/data-source.js';
import { sha256 } from '../../src/store/opaque-token.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testVault } from '../support/vault.js';

const shop = pageId('104700000000001');
const shopOnInstagram = instagramId('17841400000000001');
const otherPage = pageId('104700000000002');
const marketing = appId('2100000000000011');
const support = appId('2200000000000022');
/** Beyond 2^53: a JavaScript number would end in 992. */
const inbox = appId('90071992547409931234');
const at = Date.UTC(2026, 0, 1);

const app = (more: Partial<AppSettings> = {}): AppSettings => ({
  name: 'Bot',
  kind: 'bot',
  callbackUrl: null,
  batchSizeMax: 1,
  ...more,
});
const page = (more: Partial<PageSettings> = {}): PageSettings => ({
  name: 'Shop',
  messenger: { defaultAppId: null, socialAppId: null },
  instagram: null,
  ...more,
});
const withDefault = page({ messenger: { defaultAppId: support, socialAppId: null } });

describe('the configuration store', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: ConfigStore;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url, { poolSize: 4 });
  });
  beforeEach(async () => {
    await dataSource.query('truncate page, app cascade');
    await dataSource.query('update configuration set clock_offset_ms = 0');
    store = new ConfigStore(dataSource, testVault);
    for (const id of [marketing, support, inbox]) await store.putApp(id, app());
    await store.putPage(shop, page());
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const connectionOf = async (id = marketing) => (await store.read()).pages.get(shop)?.connections.get(id);

  describe('a change', () => {
    it('raises the epoch of the configuration and of every lane to the same number', async () => {
      const before = await store.epoch();
      await store.putPage(otherPage, page());
      const lanes: { config_epoch: string; lanes: string }[] = await dataSource.query(
        'select config_epoch, count(*) as lanes from lane group by config_epoch',
      );
      expect(lanes).toEqual([{ config_epoch: String(before + 1), lanes: String(laneCount) }]);
      expect(await store.read()).toMatchObject({ epoch: before + 1 });
    });

    it('leaves nothing behind when it is refused', async () => {
      const before = await store.read();
      await expect(store.putConnection(otherPage, marketing, {}, at)).rejects.toMatchObject({ code: 'page_not_found' });
      await expect(store.putConnection(shop, appId('7'), {}, at)).rejects.toMatchObject({ code: 'app_not_found' });
      expect(await store.read()).toEqual(before);
    });

    it('can be made by many at once', async () => {
      const before = await store.epoch();
      await Promise.all(Array.from({ length: 8 }, (_, index) => store.putApp(appId(`${index + 1}`), app())));
      expect(await store.epoch()).toBe(before + 8);
      expect((await store.read()).apps.size).toBe(11);
    });
  });

  describe('standby', () => {
    it('is off until the page has its first default app, which turns it on for every connected app', async () => {
      const subscribedFields = ['messages', 'messaging_postbacks'] as const;
      await store.putConnection(shop, marketing, { subscribedFields }, at);
      await store.putConnection(shop, support, { standby: { messenger: false, instagram: false } }, at);
      expect(await connectionOf()).toMatchObject({
        subscribedFields: new Set(subscribedFields),
        standby: { messenger: false, instagram: false },
      });

      await store.putPage(shop, withDefault);
      expect(await connectionOf()).toMatchObject({
        subscribedFields: new Set([...subscribedFields, 'standby']),
        standby: { messenger: true, instagram: true },
      });
      expect(await connectionOf(support)).toMatchObject({ standby: { messenger: true, instagram: true } });
    });

    it('is on for apps connected later, unless they say otherwise', async () => {
      await store.putPage(shop, withDefault);
      await store.putConnection(shop, marketing, { subscribedFields: ['messages'] }, at);
      expect(await connectionOf()).toMatchObject({
        subscribedFields: new Set(['messages', 'standby']),
        standby: { messenger: true, instagram: true },
      });
      await store.putConnection(shop, support, { subscribedFields: ['messages'], standby: { instagram: false } }, at);
      expect(await connectionOf(support)).toMatchObject({
        subscribedFields: new Set(['messages']),
        standby: { messenger: true, instagram: false },
      });
    });

    it('counts an Instagram default app as the first, and turns standby on only once', async () => {
      await store.putConnection(shop, marketing, {}, at);
      const onInstagram = page({ instagram: { id: shopOnInstagram, defaultAppId: marketing, socialAppId: null } });
      await store.putPage(shop, onInstagram);
      expect(await connectionOf()).toMatchObject({ standby: { messenger: true, instagram: true } });

      await store.putConnection(shop, marketing, { standby: { messenger: false, instagram: true } }, at);
      await store.putPage(shop, page());
      await store.putPage(shop, onInstagram);
      expect(await connectionOf()).toMatchObject({ standby: { messenger: false, instagram: true } });
    });
  });

  describe('default and social apps', () => {
    it('may be named before any app is connected', async () => {
      await store.putPage(shop, withDefault);
      expect((await store.read()).pages.get(shop)?.routing.messenger.defaultAppId).toBe(support);
    });

    it('must be connected once any app is', async () => {
      await store.putConnection(shop, marketing, {}, at);
      await expect(store.putPage(shop, withDefault)).rejects.toMatchObject({ code: 'app_not_connected' });
      await store.putConnection(shop, support, {}, at);
      await store.putPage(shop, withDefault);
    });

    it('stay named when the page is put again in the same way', async () => {
      await store.putPage(shop, withDefault);
      await store.putConnection(shop, marketing, {}, at);
      await expect(store.putPage(shop, withDefault)).resolves.toMatchObject({ created: false });
    });

    it('must exist', async () => {
      const unknown = page({ messenger: { defaultAppId: null, socialAppId: appId('99') } });
      await expect(store.putPage(shop, unknown)).rejects.toMatchObject({ code: 'unknown_app' });
    });

    it('are unset on every channel when the app is disconnected', async () => {
      await store.putConnection(shop, support, {}, at);
      await store.putConnection(shop, marketing, {}, at);
      await store.putPage(
        shop,
        page({
          messenger: { defaultAppId: support, socialAppId: marketing },
          instagram: { id: shopOnInstagram, defaultAppId: marketing, socialAppId: support },
        }),
      );
      await store.deleteConnection(shop, support);
      expect((await store.read()).pages.get(shop)?.routing).toEqual({
        messenger: { defaultAppId: null, socialAppId: marketing },
        instagram: { defaultAppId: marketing, socialAppId: null },
      });
      await store.deleteApp(marketing);
      expect((await store.read()).pages.get(shop)).toMatchObject({
        routing: {
          messenger: { defaultAppId: null, socialAppId: null },
          instagram: { defaultAppId: null, socialAppId: null },
        },
        connections: new Map(),
      });
    });
  });

  it('subscribes an app to what both it and the page subscribe to', async () => {
    await store.putConnection(shop, marketing, { subscribedFields: ['messages', 'message_reads'] }, at);
    await store.subscribeApp(marketing, { subscribedFields: { messenger: ['messages', 'standby'] } });
    expect((await connectionOf())?.heardFields).toEqual({ messenger: new Set(['messages']), instagram: new Set() });
    await store.subscribeConnection(shop, marketing, webhookFields);
    await store.subscribeApp(marketing, { subscribedFields: { instagram: ['message_reads'] } });
    expect((await connectionOf())?.heardFields).toEqual({
      messenger: new Set(['messages', 'standby']),
      instagram: new Set(['message_reads']),
    });
  });

  it('keeps ids beyond 2^53 digit for digit', async () => {
    await store.putConnection(shop, inbox, {}, at);
    expect((await connectionOf(inbox))?.appId).toBe('90071992547409931234');
  });

  it('refuses an id that already names another page or account', async () => {
    const onInstagram = page({ instagram: { id: shopOnInstagram, defaultAppId: null, socialAppId: null } });
    await store.putPage(shop, onInstagram);
    for (const [id, settings] of [
      [otherPage, onInstagram],
      [pageId(shopOnInstagram), page()],
      [otherPage, page({ instagram: { id: instagramId(shop), defaultAppId: null, socialAppId: null } })],
      [shop, page({ instagram: { id: instagramId(shop), defaultAppId: null, socialAppId: null } })],
    ] as const) {
      await expect(store.putPage(id, settings)).rejects.toMatchObject({ code: 'id_taken' });
    }
  });

  it('keeps a secret that is left out, and generates one for a new app', async () => {
    const { app: created } = await store.putApp(appId('5'), app());
    expect(created.appSecret).toMatch(/^[0-9a-f]{32}$/);
    const { app: replaced } = await store.putApp(appId('5'), app({ name: 'Renamed' }));
    expect(replaced).toMatchObject({ name: 'Renamed', appSecret: created.appSecret });
  });

  describe('tokens', () => {
    it('are stored as hashes only, and an old one ends after the grace period', async () => {
      const { token } = await store.putConnection(shop, marketing, {}, at);
      expect(token).toMatch(/^EAA[A-Za-z0-9]{60,}$/);
      const { token: again } = await store.putConnection(shop, marketing, {}, at);
      expect(again).toBeNull();
      const next = await store.issueToken(shop, marketing, at + 1000);

      const { tokens } = await store.read();
      expect(tokens.get(sha256(token ?? ''))).toEqual({
        pageId: shop,
        appId: marketing,
        expiresAt: at + 1000 + tokenGraceMs,
      });
      expect(tokens.get(sha256(next))).toEqual({ pageId: shop, appId: marketing, expiresAt: null });
      const stored: object[] = await dataSource.query('select * from access_token');
      expect(JSON.stringify(stored)).not.toContain(next);
    });

    it('end with the connection', async () => {
      await store.putConnection(shop, marketing, {}, at);
      await store.deleteConnection(shop, marketing);
      expect((await store.read()).tokens.size).toBe(0);
      await expect(store.issueToken(shop, marketing, at)).rejects.toMatchObject({ code: 'connection_not_found' });
    });
  });

  it('routes ads and links', async () => {
    await store.putRoute(shop, 'ad', '6001', { appId: marketing, ref: 'summer', title: 'Summer', template: '{}' });
    await store.putRoute(shop, 'link', 'Help & Support', { appId: support });
    const read = (await store.read()).pages.get(shop);
    expect(read?.adRoutes.get('6001')).toEqual({
      adId: '6001',
      receivingAppId: marketing,
      ref: 'summer',
      title: 'Summer',
    });
    expect(read?.linkRoutes.get('Help & Support')).toBe(support);
    await store.deleteRoute(shop, 'ad', '6001');
    await expect(store.deleteRoute(shop, 'ad', '6001')).rejects.toMatchObject({ code: 'route_not_found' });
    await expect(store.putRoute(shop, 'ad', '6001', { appId: appId('99') })).rejects.toMatchObject({
      code: 'unknown_app',
    });
  });

  it('keeps the time since when an app is paused', async () => {
    await store.pauseApp(marketing, at, 'deploying');
    await store.pauseApp(marketing, at + 1000, 'again');
    expect((await store.read()).apps.get(marketing)?.pausedAt).toBe(at);
    await store.resumeApp(marketing);
    expect((await store.read()).apps.get(marketing)?.pausedAt).toBeNull();
  });

  describe('the cache', () => {
    it('knows a change of its own store as soon as the change is made, and sets the clock', async () => {
      const offsets: number[] = [];
      const cache = new ConfigurationCache(store, { setOffset: (offsetMs) => offsets.push(offsetMs) });
      expect(() => cache.current()).toThrow('has not been loaded');
      await cache.refresh();
      await store.setClockOffset(86_400_000);
      expect(cache.current().clockOffsetMs).toBe(86_400_000);
      expect(offsets).toEqual([0, 86_400_000]);
    });

    it('tells its listeners of each change once, and learns of those of others when refreshed', async () => {
      const cache = new ConfigurationCache(store, { setOffset: () => undefined });
      await cache.refresh();
      const epochs: number[] = [];
      cache.subscribe(({ epoch }) => epochs.push(epoch));
      const elsewhere = new ConfigStore(dataSource, testVault);
      await elsewhere.putApp(appId('5'), app());
      const { epoch } = cache.current();
      await Promise.all([cache.refresh(), cache.refresh(), cache.refresh()]);
      expect(epochs).toEqual([epoch + 1]);
      expect(cache.current().apps.has(appId('5'))).toBe(true);
    });
  });
});
