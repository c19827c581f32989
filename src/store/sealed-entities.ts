import { MoreThan, type EntityManager } from 'typeorm';
import type { AppId, PageId } from '../domain/ids.js';
import { AppEntity } from './app.entity.js';
import { PageEntity } from './page.entity.js';
import type { Vault } from './vault.js';

/** Apps and pages with their secrets open; in the database they are sealed. Nothing else reads or writes them whole. */
export class SealedEntities {
  constructor(private readonly vault: Vault) {}

  async findApp(manager: EntityManager, appId: AppId): Promise<AppEntity | null> {
    const app = await manager.findOneBy(AppEntity, { appId });
    return app === null ? null : this.#openApp(app);
  }

  /** In the order of their ids (as text), after `after`. */
  async listApps(manager: EntityManager, after: string, limit: number): Promise<AppEntity[]> {
    const where = { appId: MoreThan(after as AppId) };
    const apps = await manager.find(AppEntity, { where, order: { appId: 'ASC' }, take: limit });
    return apps.map((app) => this.#openApp(app));
  }

  async saveApp(manager: EntityManager, app: AppEntity): Promise<void> {
    const place = (column: string) => ({ table: 'app', column, row: app.appId });
    const sealed = manager.create(AppEntity, {
      ...app,
      appSecret: this.vault.seal(place('app_secret'), app.appSecret),
      previousAppSecret: this.vault.sealIfAny(place('previous_app_secret'), app.previousAppSecret),
      verifyToken: this.vault.sealIfAny(place('verify_token'), app.verifyToken),
    });
    await manager.upsert(AppEntity, sealed, ['appId']);
  }

  async findPage(manager: EntityManager, pageId: PageId): Promise<PageEntity | null> {
    const page = await manager.findOneBy(PageEntity, { pageId });
    return page === null ? null : this.#openPage(page);
  }

  /** In the order of their ids (as text), after `after`. */
  async listPages(manager: EntityManager, after: string, limit: number): Promise<PageEntity[]> {
    const where = { pageId: MoreThan(after as PageId) };
    const pages = await manager.find(PageEntity, { where, order: { pageId: 'ASC' }, take: limit });
    return pages.map((page) => this.#openPage(page));
  }

  async savePage(manager: EntityManager, page: PageEntity): Promise<void> {
    const place = { table: 'page', column: 'meta_access_token', row: page.pageId };
    const sealed = manager.create(PageEntity, {
      ...page,
      metaAccessToken: this.vault.sealIfAny(place, page.metaAccessToken),
    });
    await manager.upsert(PageEntity, sealed, ['pageId']);
  }

  #openApp(app: AppEntity): AppEntity {
    const place = (column: string) => ({ table: 'app', column, row: app.appId });
    return Object.assign(app, {
      appSecret: this.vault.open(place('app_secret'), app.appSecret),
      previousAppSecret: this.vault.openIfAny(place('previous_app_secret'), app.previousAppSecret),
      verifyToken: this.vault.openIfAny(place('verify_token'), app.verifyToken),
    });
  }

  #openPage(page: PageEntity): PageEntity {
    const place = { table: 'page', column: 'meta_access_token', row: page.pageId };
    return Object.assign(page, { metaAccessToken: this.vault.openIfAny(place, page.metaAccessToken) });
  }
}
