import type { DataSource } from 'typeorm';
import { laneOf, type ThreadKey } from '../domain/ids.js';

/** Removes everything that is kept of a person. */
export class PersonStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Erases a person's thread with a page: the thread, its log, what was owed and tried of it, and what of it could not be
   * routed. The lane's number is raised without a row, by which every instance notices that what it knows of the lane no
   * longer holds. False: there was no such person.
   */
  async erase(key: ThreadKey): Promise<boolean> {
    const thread = [laneOf(key), key.pageId, key.psid];
    return this.dataSource.transaction(async (manager) => {
      await manager.query('select from lane where lane = $1 for update', [thread[0]]);
      const rows: { id: string }[] = await manager.query(
        'select id from log where lane = $1 and page_id = $2 and psid = $3',
        thread,
      );
      const [deleted]: [unknown[], number] = await manager.query(
        'delete from thread where lane = $1 and page_id = $2 and psid = $3 returning psid',
        thread,
      );
      if (rows.length === 0 && deleted.length === 0) return false;
      const ids = rows.map(({ id }) => id);
      for (const table of ['attempt', 'replay']) {
        await manager.query(`delete from ${table} where lane = $1 and id = any ($2::bigint[])`, [thread[0], ids]);
      }
      for (const table of ['stalled', 'dead_letter', 'log']) {
        await manager.query(`delete from ${table} where lane = $1 and page_id = $2 and psid = $3`, thread);
      }
      for (const table of ['label_person', 'person_menu']) {
        await manager.query(`delete from ${table} where page_id = $1 and psid = $2`, thread.slice(1));
      }
      // Quoted, so that no other person's id contains it.
      await manager.query(`delete from quarantine where page_id = $1 and strpos(payload, $2) > 0`, [
        key.pageId,
        `"${key.psid}"`,
      ]);
      await manager.query('update lane set last_id = last_id + 1 where lane = $1', [thread[0]]);
      return true;
    });
  }
}
