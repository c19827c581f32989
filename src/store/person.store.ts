import type { DataSource } from 'typeorm';
import { laneOf, type AppId, type ThreadKey } from '../domain/ids.js';
import { personHash } from './person-hash.js';
import { milliseconds } from './records.js';

/** What is kept of a person beside the thread and its log. */
export interface PersonRemains {
  readonly labels: readonly string[];
  /** Menus that apps have set for this person alone, as JSON. */
  readonly menus: readonly { readonly appId: AppId; readonly menu: string }[];
  /** What an app did not get. */
  readonly deadLetters: readonly { readonly appId: AppId; readonly reason: string; readonly at: number }[];
  /** What could not be routed, as wire JSON. */
  readonly quarantined: readonly { readonly reason: string; readonly at: number; readonly payload: string }[];
}

/** Everything that is kept of a person, and its end. */
export class PersonStore {
  constructor(private readonly dataSource: DataSource) {}

  /** What there is besides the thread and its log. Times in milliseconds since 1970. */
  async remains(key: ThreadKey): Promise<PersonRemains> {
    const person = [key.pageId, key.psid];
    const [labels, menus, deadLetters, quarantined] = await Promise.all([
      this.dataSource.query<{ name: string }[]>(
        `select name from label_person p join label l using (label_id)
          where p.page_id = $1 and p.psid = $2 order by name`,
        person,
      ),
      this.dataSource.query<{ appId: AppId; menu: string }[]>(
        `select app_id as "appId", value as menu from person_menu where page_id = $1 and psid = $2 order by app_id`,
        person,
      ),
      this.dataSource.query<PersonRemains['deadLetters']>(
        `select app_id as "appId", reason, ${milliseconds('at')} from dead_letter
          where lane = $1 and page_id = $2 and psid = $3 order by id, notice`,
        [laneOf(key), ...person],
      ),
      this.dataSource.query<PersonRemains['quarantined']>(
        `select reason, ${milliseconds('at')}, payload from quarantine where ${mentioned} order by quarantine.id`,
        [key.pageId, mentionOf(key)],
      ),
    ]);
    return { labels: labels.map(({ name }) => name), menus, deadLetters, quarantined };
  }

  /**
   * Erases a person's thread with a page: the thread, its log, what was owed and tried of it, and what of it could not be
   * routed. False: nothing was kept of such a person.
   *
   * The lane's number is raised without a row, by which every router notices that what it knows of the lane no longer
   * holds. The lane's lease ends, by which whoever dispatches it forgets what it holds in memory, and cannot write it down
   * again. For a while a hash of the person stays, so that the platform's redeliveries do not bring back what is gone.
   *
   * @param at milliseconds since 1970
   */
  async erase(key: ThreadKey, at: number): Promise<boolean> {
    const lane = laneOf(key);
    const thread = [lane, key.pageId, key.psid];
    return this.dataSource.transaction(async (manager) => {
      const remove = async (table: string, where: string, parameters: readonly unknown[]): Promise<number> => {
        const [, count]: [unknown[], number] = await manager.query(`delete from ${table} where ${where}`, [
          ...parameters,
        ]);
        return count;
      };
      await manager.query('select from lane where lane = $1 for update', [lane]);
      await manager.query(
        `update cursor set lease_epoch = lease_epoch + 1, holder = null, lease_until = null where lane = $1`,
        [lane],
      );
      await manager.query('lock table quarantine in share row exclusive mode');

      const rows: { id: string; occurred_at: number }[] = await manager.query(
        `select id, ${milliseconds('occurred_at')} from log where lane = $1 and page_id = $2 and psid = $3`,
        thread,
      );
      const ids = rows.map(({ id }) => id);
      let found = rows.length;
      for (const table of ['attempt', 'replay']) {
        await remove(table, 'lane = $1 and id = any ($2::bigint[])', [lane, ids]);
      }
      for (const table of ['thread', 'stalled', 'dead_letter', 'log']) {
        found += await remove(table, 'lane = $1 and page_id = $2 and psid = $3', thread);
      }
      for (const table of ['label_person', 'person_menu']) {
        found += await remove(table, 'page_id = $1 and psid = $2', [key.pageId, key.psid]);
      }
      found += await remove('quarantine', mentioned, [key.pageId, mentionOf(key)]);
      if (found === 0) return false;

      const [{ person_hash_key: hashKey } = { person_hash_key: '' }]: { person_hash_key: string }[] =
        await manager.query('select person_hash_key from configuration');
      // The platform's clock may be ahead of ours: what it dated is repeated with the same date.
      const until = rows.reduce((latest, row) => Math.max(latest, row.occurred_at), at);
      await manager.query(
        `insert into erased_person (lane, person_hash, erased_at) values ($1, $2, $3)
         on conflict (lane, person_hash) do update set erased_at = excluded.erased_at`,
        [lane, personHash(hashKey, key), new Date(until)],
      );
      await manager.query('update lane set last_id = last_id + 1 where lane = $1', [lane]);
      return true;
    });
  }
}

/** $1 the page, $2 `mentionOf` the person. What came in for no known page may be of any. */
const mentioned = '(page_id = $1 or page_id is null) and payload ~ $2';

/** The id as a word of its own, so that no other person's id contains it. */
function mentionOf({ psid }: ThreadKey): string {
  return `(^|\\D)${psid}(\\D|$)`;
}
