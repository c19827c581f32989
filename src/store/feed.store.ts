import type { DataSource } from 'typeorm';
import type { LogRow } from '../domain/log.js';
import type { Thread } from '../domain/thread/thread.js';
import { rowFrom, rowSelection, type RowRecord } from './records.js';

/** A change of who owns a thread, or of the state it is in. */
export interface OwnershipChange {
  readonly row: LogRow;
  /** Null: the thread began with this row, or what came before is no longer kept. */
  readonly before: Thread | null;
}

/** Ownership changes and the position up to which every lane has been looked through. */
export interface FeedPage {
  readonly changes: readonly OwnershipChange[];
  /** By lane. */
  readonly positions: readonly number[];
}

/** Reads ownership changes out of the log, lane by lane. */
export class FeedStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The last id of each lane, by lane. */
  async lastIds(): Promise<number[]> {
    const rows: { last_id: string }[] = await this.dataSource.query('select last_id from lane order by lane');
    return rows.map((row) => Number(row.last_id));
  }

  /**
   * Up to `limit` changes after these positions, in the order of each lane. Rows become visible together with their
   * lane's last id, so what lies at or below it is complete and a position never passes a row that is yet to come.
   */
  async changesAfter(positions: readonly number[], limit: number): Promise<FeedPage> {
    const lastIds = await this.lastIds();
    const lanes = lastIds.map((_, lane) => lane).filter((lane) => (lastIds[lane] ?? 0) > (positions[lane] ?? 0));
    if (lanes.length === 0) return { changes: [], positions };
    const rows: (RowRecord & { before_id: string | null })[] = await this.dataSource.query(
      `select c.* from unnest($1::smallint[], $2::bigint[], $3::bigint[]) w (lane, after_id, last_id),
        lateral (
          select ${rowSelection}, before_id from (
            select l.*, p.id as before_id
              from log l
              left join lateral (
                select id, version from log p
                 where p.lane = l.lane and p.psid = l.psid and p.page_id = l.page_id and p.id < l.id
                 order by p.id desc limit 1) p on true
             where l.lane = w.lane and l.id > w.after_id and l.id <= w.last_id
               and l.version > 0 and l.version is distinct from p.version
             order by l.id limit $4) found) c
        order by c.lane, c.id::bigint limit $4`,
      [lanes, lanes.map((lane) => positions[lane] ?? 0), lanes.map((lane) => lastIds[lane] ?? 0), limit],
    );
    const before = await this.#threadsAfter(
      rows.flatMap(({ lane, before_id: id }) => (id === null ? [] : [{ lane, id }])),
    );
    const changes = rows.map((row) => ({
      row: rowFrom(row),
      before: (row.before_id === null ? undefined : before.get(`${row.lane} ${row.before_id}`)) ?? null,
    }));
    const last = changes.length < limit ? undefined : changes.at(-1)?.row;
    return {
      changes,
      positions: lastIds.map((lastId, lane) => {
        const position = positions[lane] ?? 0;
        // Beyond the last change of a full page nothing has been looked at.
        if (last === undefined || lane < last.lane) return Math.max(position, lastId);
        return lane === last.lane ? last.id : position;
      }),
    };
  }

  /** Threads as these rows left them, by `<lane> <id>`. */
  async #threadsAfter(keys: readonly { lane: number; id: string }[]): Promise<Map<string, Thread>> {
    const rows: RowRecord[] = await this.dataSource.query(
      `select ${rowSelection} from log join unnest($1::smallint[], $2::bigint[]) k (lane, id) using (lane, id)`,
      [keys.map(({ lane }) => lane), keys.map(({ id }) => id)],
    );
    return new Map(rows.map((row) => [`${row.lane} ${row.id}`, rowFrom(row).thread]));
  }
}
