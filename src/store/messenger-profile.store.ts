import type { DataSource } from 'typeorm';
import type { AppId, PageId, ThreadKey } from '../domain/ids.js';
import type { Channel } from '../domain/page.js';

/** One property of a messenger profile, as one app has set it. */
export interface ProfileProperty {
  readonly appId: AppId;
  readonly property: string;
  /** Wire JSON. */
  readonly value: string;
}

interface ProfileRow {
  app_id: AppId;
  property: string;
  value: string;
}

/** What apps show people around their conversations: greetings, Get Started buttons, ice breakers and menus. */
export class MessengerProfileStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Every property that an app of the page has set for a channel, what was set last first. */
  async list(pageId: PageId, channel: Channel): Promise<ProfileProperty[]> {
    const rows: ProfileRow[] = await this.dataSource.query(
      `select app_id, property, value from messenger_profile
        where page_id = $1 and channel = $2 order by set_at desc, app_id, property`,
      [pageId, channel],
    );
    return rows.map(({ app_id: appId, property, value }) => ({ appId, property, value }));
  }

  /**
   * Sets properties of an app, all or none; the others stay. `at` in milliseconds since 1970. `check` sees the names of
   * everything the app will have set, and refuses by throwing.
   */
  async set(
    pageId: PageId,
    appId: AppId,
    channel: Channel,
    properties: ReadonlyMap<string, string>,
    at: number,
    check: (names: ReadonlySet<string>) => void,
  ): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query(
        `insert into messenger_profile (page_id, app_id, channel, property, value, set_at)
         select $1, $2, $3, p.name, p.value, $6 from unnest($4::text[], $5::text[]) p (name, value)
         on conflict (page_id, channel, app_id, property) do update set value = excluded.value, set_at = excluded.set_at`,
        [pageId, appId, channel, [...properties.keys()], [...properties.values()], new Date(at)],
      );
      check(await namesOf(manager.query.bind(manager), pageId, appId, channel));
    });
  }

  /** Removes properties of an app, with a check as above. */
  async delete(
    pageId: PageId,
    appId: AppId,
    channel: Channel,
    names: readonly string[],
    check: (names: ReadonlySet<string>) => void,
  ): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query(
        `delete from messenger_profile
          where page_id = $1 and app_id = $2 and channel = $3 and property = any($4::text[])`,
        [pageId, appId, channel, names],
      );
      check(await namesOf(manager.query.bind(manager), pageId, appId, channel));
    });
  }

  /** The menus that apps have set for one person. */
  async listPersonMenus({ pageId, psid }: ThreadKey): Promise<Omit<ProfileProperty, 'property'>[]> {
    const rows: Omit<ProfileRow, 'property'>[] = await this.dataSource.query(
      'select app_id, value from person_menu where page_id = $1 and psid = $2 order by app_id',
      [pageId, psid],
    );
    return rows.map(({ app_id: appId, value }) => ({ appId, value }));
  }

  /** Sets an app's menu for one person, as wire JSON; null: the person sees the menu for everybody again. */
  async setPersonMenu({ pageId, psid }: ThreadKey, appId: AppId, value: string | null): Promise<void> {
    await (value === null
      ? this.dataSource.query('delete from person_menu where page_id = $1 and psid = $2 and app_id = $3', [
          pageId,
          psid,
          appId,
        ])
      : this.dataSource.query(
          `insert into person_menu (page_id, psid, app_id, value) values ($1, $2, $3, $4)
           on conflict (page_id, psid, app_id) do update set value = excluded.value`,
          [pageId, psid, appId, value],
        ));
  }
}

async function namesOf(
  query: (sql: string, values: unknown[]) => Promise<{ property: string }[]>,
  pageId: PageId,
  appId: AppId,
  channel: Channel,
): Promise<ReadonlySet<string>> {
  const rows = await query(
    'select property from messenger_profile where page_id = $1 and app_id = $2 and channel = $3',
    [pageId, appId, channel],
  );
  return new Set(rows.map(({ property }) => property));
}
